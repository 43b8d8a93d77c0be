module github.com/mailconn/mailconn/internal/test/oauthtest

go 1.25.0

require (
	github.com/emersion/go-imap/v2 v2.0.0-beta.8
	github.com/mailconn/mailconn v0.0.0
	github.com/mailconn/mailconn/dial/auth/oauth v0.0.0
	github.com/mailconn/mailconn/internal/test/dnslab v0.0.0
	github.com/mailconn/mailconn/internal/test/interop v0.0.0
)

require (
	github.com/emersion/go-message v0.18.2 // indirect
	github.com/emersion/go-sasl v0.0.0-20241020182733-b788ff22d5a6 // indirect
	github.com/emersion/go-smtp v0.25.1 // indirect
	github.com/xdg-go/scram v1.4.0 // indirect
	github.com/xdg-go/stringprep v1.0.4 // indirect
	golang.org/x/net v0.56.0 // indirect
	golang.org/x/oauth2 v0.36.0 // indirect
	golang.org/x/text v0.38.0 // indirect
)

replace (
	github.com/mailconn/mailconn => ../../..
	github.com/mailconn/mailconn/dial/auth/oauth => ../../../dial/auth/oauth
	github.com/mailconn/mailconn/internal/test/dnslab => ../dnslab
	github.com/mailconn/mailconn/internal/test/interop => ../interop
)
