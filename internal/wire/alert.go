package wire

import (
	"errors"
	"net"
	"reflect"
)

// RemoteAlert returns the number of the TLS alert (RFC 8446 §6) by which the server
// ended the connection, if err comes from one. crypto/tls does not export the type of
// a received alert, so it is recognised by its kind.
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
