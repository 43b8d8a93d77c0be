// Package dnslab has no code of its own: its tests run dial/dns and dial/discover
// against a name server with signed zones and a validating resolver, with a man in
// the middle at every source. They are a module of their own, so that other
// tests do not need those servers, which package nameservers starts.
package dnslab
