module github.com/mailconn/mailconn/internal/test/dnslab

go 1.25.0

require (
	github.com/mailconn/mailconn v0.0.0
	golang.org/x/net v0.56.0
)

require golang.org/x/text v0.38.0 // indirect

replace github.com/mailconn/mailconn => ../../..
