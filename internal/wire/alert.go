package wire

import (
	"errors"
	"net"
	"reflect"
)

// RemoteAlert returns the number of the TLS alert that the server sent, if that is
// what ended the connection. crypto/tls keeps the type of a received alert to
// itself; its kind is all there is to go by.
func RemoteAlert(err error) (number uint8, ok bool) {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return 0, false
	}
	v := reflect.ValueOf(op.Err)
	if v.Kind() != reflect.Uint8 {
		return 0, false
	}
	return uint8(v.Uint()), true
}
