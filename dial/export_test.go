package dial

import (
	"context"
	"crypto/tls"
)

// TLSConfig returns the config of a dial to e.
func TLSConfig(base *tls.Config, e Endpoint) (*tls.Config, error) {
	c, err := (&Dialer{TLSConfig: base}).prepare(context.Background(), e)
	if err != nil {
		return nil, err
	}
	return c.tls, nil
}
