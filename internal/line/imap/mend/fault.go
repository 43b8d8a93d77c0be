package mend

import "bytes"

// Fault is something in a response that is not as it should be.
type Fault struct {
	Class Class
	What  string // what it is: "ENVELOPE", "flag"; with Mended, what was odd about it
	Words []byte // the server's, up to 100 bytes
}

// Class is what was done about a fault.
type Class uint8

// The classes of faults.
const (
	Mended     Class = iota + 1 // read, although it is not by the book
	Unfamiliar                  // legal, and left out, as the client does not know it
	Unreadable                  // left out, as it cannot be read
)

// faults collects what is found in a response.
type faults []Fault

const (
	maxWords  = 100
	maxFaults = 32 // in a response
)

func (f *faults) add(c Class, what string, words []byte) {
	if len(*f) < maxFaults {
		*f = append(*f, Fault{Class: c, What: what, Words: bytes.Clone(words[:min(len(words), maxWords)])})
	}
}

// mended notes an oddity, once in a response.
func (f *faults) mended(what string, words []byte) {
	for _, known := range *f {
		if known.Class == Mended && known.What == what {
			return
		}
	}
	f.add(Mended, what, words)
}

// printed returns a name that is fit to be shown.
func printed(name string) string { return name[:min(len(name), 40)] }
