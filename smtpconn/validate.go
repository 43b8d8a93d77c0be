package smtpconn

import "cmp"

// everything is what a server lists that takes every option of an envelope.
var everything = []string{
	"8BITMIME", "AUTH", "BINARYMIME", "CHUNKING", "DELIVERBY", "DSN", "MT-PRIORITY", "PIPELINING", "REQUIRETLS", "RRVS", "SMTPUTF8",
}

// Validate returns what is wrong with the envelope whatever the server offers: no
// recipient, an address or an option that cannot stand in a command. Send returns
// the same in a [*SendError].
func (e *Envelope) Validate() error {
	f := newFeatures(everything, true, &Options{})
	if err := cmp.Or(e.check(), f.permit(e)); err != nil {
		return err
	}
	_, err := f.render(nil, e, 0)
	return err
}
