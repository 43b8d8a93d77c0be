// Package oauthtest has no code of its own: its tests run dial/auth/oauth against a real
// authorization server and a real mail server. They are a module of their own, so that only
// these tests need both golang.org/x/oauth2 and the servers.
package oauthtest
