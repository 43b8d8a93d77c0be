module github.com/mailconn/mailconn/internal/test/dnslab

go 1.25.0

require (
	github.com/mailconn/mailconn v0.0.0
	golang.org/x/net v0.56.0
)

require (
	github.com/emersion/go-sasl v0.0.0-20241020182733-b788ff22d5a6 // indirect
	github.com/emersion/go-smtp v0.25.1 // indirect
	github.com/xdg-go/scram v1.4.0 // indirect
	github.com/xdg-go/stringprep v1.0.4 // indirect
	golang.org/x/text v0.38.0 // indirect
)

replace github.com/mailconn/mailconn => ../../..
