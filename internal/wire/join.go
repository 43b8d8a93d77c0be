package wire

import "strings"

// Join returns an error that holds all of errs that are not nil: nil for none, and the
// error itself for one. Its text is printable and at most 512 bytes long.
func Join(errs ...error) error {
	var all []error
	for _, err := range errs {
		if err != nil {
			all = append(all, err)
		}
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return &joined{all}
}

type joined struct{ errs []error }

func (e *joined) Error() string {
	var text strings.Builder
	for i, err := range e.errs {
		if i > 0 {
			text.WriteString("; ")
		}
		if text.WriteString(err.Error()); text.Len() > maxText {
			break
		}
	}
	return Printable(text.String())
}

func (e *joined) Unwrap() []error { return e.errs }
