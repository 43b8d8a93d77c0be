//go:build !linux

package outbox_test

import "errors"

// fullDisk needs a disk that can be made full.
func fullDisk([]string) error { return errors.ErrUnsupported }
