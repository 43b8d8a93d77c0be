package outbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/mailconn/mailconn/smtpconn/outbox/internal/journal"
)

// findContents removes the contents of no message: a Put was interrupted, or the
// message is over. If the journal is damaged they are set aside instead.
func (o *Outbox) findContents(journalDamaged bool) error {
	dir, err := os.Open(filepath.Join(o.dir, contentDir))
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	defer dir.Close()
	for {
		names, err := dir.Readdirnames(1000)
		for _, name := range names {
			if o.book.Messages[name] != nil {
				continue
			}
			if err := o.leftOver(name, journalDamaged); err != nil {
				return fmt.Errorf("outbox: %w", err)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("outbox: %w", err)
		}
	}
}

func (o *Outbox) leftOver(name string, journalDamaged bool) error {
	if !journalDamaged {
		return os.RemoveAll(filepath.Join(o.dir, contentDir, name))
	}
	err := o.setAside(name)
	if len(o.damage) < journal.MaxDamage {
		o.damage = append(o.damage, &DamagedError{File: damagedDir + "/" + name, Err: errors.New("a content without a message in the journal")})
	}
	return err
}

// setAside moves a content to the directory for what is damaged.
func (o *Outbox) setAside(name string) error {
	dir := filepath.Join(o.dir, damagedDir)
	if err := makePrivate(dir, o.journal.Calls); err != nil {
		return err
	}
	return os.Rename(filepath.Join(o.dir, contentDir, name), filepath.Join(dir, name))
}

// keepDamaged keeps a copy of a journal that is damaged.
func (o *Outbox) keepDamaged(damaged io.Reader) error {
	dir := filepath.Join(o.dir, damagedDir)
	if err := makePrivate(dir, o.journal.Calls); err != nil {
		return err
	}
	return o.journal.Calls.Create(filepath.Join(dir, "journal-"+journal.NewKey()), func(f *os.File) error {
		_, err := io.Copy(f, damaged)
		return err
	})
}
