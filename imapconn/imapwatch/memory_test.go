package imapwatch_test

import (
	"context"
	"errors"

	"github.com/mailconn/mailconn/imapconn/imapwatch"
)

// memory is Positions that last for a test.
type memory struct {
	texts map[string]string
	held  bool
	fail  error // of the next Save
	saves int
}

func newMemory() *memory { return &memory{texts: map[string]string{}} }

func (m *memory) Load(context.Context) (map[string]imapwatch.Position, error) {
	if m.held {
		return nil, errors.New("held")
	}
	m.held = true
	positions := map[string]imapwatch.Position{}
	for name, text := range m.texts { // as a program's own store has it
		var p imapwatch.Position
		if err := p.UnmarshalText([]byte(text)); err != nil {
			return nil, err
		}
		positions[name] = p
	}
	return positions, nil
}

func (m *memory) Save(ctx context.Context, mailbox string, p imapwatch.Position) error {
	if _, bounded := ctx.Deadline(); ctx.Err() != nil || m.fail != nil || !bounded {
		return errors.Join(ctx.Err(), m.fail, errors.New("not saved"))
	}
	text, err := p.MarshalText()
	m.texts[mailbox] = string(text)
	m.saves++
	return err
}

func (m *memory) Release() error {
	m.held = false
	return nil
}
