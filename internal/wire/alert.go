package wire

import (
	"errors"
	"fmt"
	"net"
	"reflect"
	"time"
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

// lastAlertTimeout bounds the wait for an alert that explains a failure.
const lastAlertTimeout = 500 * time.Millisecond

// LastAlert adds to err the alert with which a server that has said nothing inside TLS
// refused our certificate, if it comes soon: a write that failed does not show it. It
// reads from c.
func LastAlert(c net.Conn, err error) error {
	if _, ok := RemoteAlert(err); ok {
		return err
	}
	c.SetReadDeadline(time.Now().Add(lastAlertTimeout))
	_, last := c.Read(make([]byte, 1))
	if _, ok := RemoteAlert(last); ok {
		return fmt.Errorf("%w: %w", last, err)
	}
	return err
}
