package auth

import (
	"slices"
	"strings"

	"github.com/xdg-go/scram"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/binding"
	"github.com/mailconn/mailconn/internal/wire"
)

// offer is what a server offers for logging in on a connection.
type offer struct {
	setup      *dial.Setup
	mechanisms []string // of SASL
	command    string   // the protocol's own login command, "" if it has none
	taken      bool     // the server takes the command
	digest     bool     // the protocol has a command for a digest
	stamp      string   // the time stamp for it, "" if the greeting has none

	binding *scram.ChannelBinding // of channel, once that has worked it out
}

func newOffer(t Transport, s *dial.Setup) offer {
	o := offer{setup: s, mechanisms: t.Mechanisms()}
	if t, ok := t.(LoginTransport); ok {
		o.command, o.taken = t.LoginCommand()
	}
	if t, ok := t.(DigestTransport); ok {
		o.digest, o.stamp = true, stampIn(t.Greeting())
	}
	return o
}

// channel returns what ties a login to the TLS connection.
func (o *offer) channel() scram.ChannelBinding {
	if o.binding == nil {
		b := binding.Of(o.setup.Security().TLS)
		o.binding = &b
	}
	return *o.binding
}

// names returns what the server offers, for the reader of an error.
func (o *offer) names() []string {
	var list []string
	for _, m := range o.mechanisms {
		list = append(list, wire.Printable(m))
	}
	if o.stamp != "" {
		list = append(list, apop)
	}
	if o.taken {
		list = append(list, o.command)
	}
	return list
}

// availability is what a mechanism is to the server of an offer.
type availability uint8

const (
	foreign availability = iota // the protocol does not have it
	missing                     // the server does not offer it
	offered
)

func availableIf(is bool) availability {
	if is {
		return offered
	}
	return missing
}

// listed is the availability of a SASL mechanism.
func listed(o *offer, name string) availability {
	return availableIf(namedIn(o.mechanisms, name))
}

// command is the availability of a protocol's own login command.
func command(o *offer, name string) availability {
	if o.command != name {
		return foreign
	}
	return availableIf(o.taken)
}

// stamped is the availability of a command that needs a time stamp.
func stamped(o *offer, _ string) availability {
	if !o.digest {
		return foreign
	}
	return availableIf(o.stamp != "")
}

func namedIn(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}
