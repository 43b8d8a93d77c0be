// Package accountfile keeps what a mail program stores of an account: its servers, its
// user, and what a person has agreed to. There is no secret in it.
package accountfile

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/mailconn/mailconn/dial"
)

// Account is an account that was set up.
type Account struct {
	Read   dial.Endpoint `json:"read"`
	Send   dial.Endpoint `json:"send"`
	User   string        `json:"user"`             // to log in with
	Issuer string        `json:"issuer,omitempty"` // of OAuth; "" means a password
	Pins   []dial.Pin    `json:"pins,omitempty"`   // of servers whose certificates do not verify
}

// Load reads an account from a file.
func Load(file string) (*Account, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	a := new(Account)
	if err := json.Unmarshal(text, a); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return a, nil
}

// Save writes the account to a file.
func (a *Account) Save(file string) error {
	text, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o600)
}
