package imapconn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn/internal/commands"
)

// stateful are commands that change what the session is: go-imap's client, or this
// package, would not know.
var stateful = [...]string{
	"LOGIN", "AUTHENTICATE", "UNAUTHENTICATE", "PROXYAUTH", "STARTTLS", "COMPRESS", "LOGOUT",
	"ENABLE", "SELECT", "EXAMINE", "CLOSE", "UNSELECT", "IDLE", "NOTIFY",
}

// What a command of Do may have.
const (
	maxCommandText = 64 << 10 // bytes, without literals
	maxQuoted      = 1000     // bytes of a quoted string
	maxListDepth   = 50
)

var (
	errCommand = errors.New("imapconn: not the name of a command, which is a word such as GETQUOTA, perhaps behind UID")
	errNUL     = errors.New("imapconn: a string with NUL cannot be sent")
	errAtom    = errors.New("imapconn: an Atom is empty, or has a character that an atom cannot have")
	errSet     = errors.New("imapconn: a set is empty, and cannot be sent")
)

// compose returns the command that Do sends.
func (c *Client) compose(ctx context.Context, name string, args []any) (commands.Request, error) {
	if ctx == nil {
		return commands.Request{}, errors.New("nil context")
	}
	name = strings.ToUpper(name)
	command := strings.TrimPrefix(name, "UID ")
	switch {
	case command == "" || strings.Trim(command, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") != "":
		return commands.Request{}, errCommand
	case slices.Contains(stateful[:], command):
		return commands.Request{}, fmt.Errorf("imapconn: Do does not send %s, which changes the state of the session", command)
	}
	w := &composer{unasked: c.unaskedLiteral(), inUTF8: c.utf8.Load()}
	w.text.WriteString(name)
	for _, arg := range args {
		w.text.WriteByte(' ')
		if err := w.value(arg, 0); err != nil {
			return commands.Request{}, err
		}
	}
	if w.size+w.text.Len() > maxCommandText {
		return commands.Request{}, fmt.Errorf("imapconn: the command is longer than %d bytes without its literals", maxCommandText)
	}
	if len(w.literals) == 0 {
		return commands.Request{Command: command, Text: w.text.String()}, nil
	}
	return commands.Request{Command: command, Literals: w.literals, Tail: w.text.String()}, nil
}

// composer writes the arguments of a command.
type composer struct {
	unasked  int64 // the longest literal that is sent without the server's consent
	inUTF8   bool
	text     strings.Builder // behind the last literal
	literals []*commands.Literal
	size     int // bytes of the text ahead of the literals
}

// value writes an argument.
func (w *composer) value(arg any, depth int) error {
	switch arg := arg.(type) {
	case nil:
		w.text.WriteString("NIL")
	case string:
		return w.str(arg)
	case []byte:
		return w.literal(string(arg))
	case Atom:
		return w.atom(string(arg))
	case imap.Flag:
		if notFlag(arg) {
			return errFlag
		}
		w.text.WriteString(string(arg))
	case MailboxName:
		quoted, err := quotedMailbox(string(arg), w.inUTF8)
		w.text.WriteString(quoted)
		return err
	case imap.NumSet:
		if arg.String() == "" {
			return errSet
		}
		return w.atom(arg.String())
	case List:
		return w.list(arg, depth)
	default:
		return w.number(arg)
	}
	return nil
}

// atom writes an atom. What it may have goes beyond the standard's, for the names of
// sections; what it may not have is what would end it.
func (w *composer) atom(text string) error {
	if text == "" || strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune(`(){}"\`, c) }) {
		return errAtom
	}
	w.text.WriteString(text)
	return nil
}

// str writes a string.
func (w *composer) str(text string) error {
	if len(text) > maxQuoted || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c >= 0x7f }) {
		return w.literal(text)
	}
	w.text.WriteString(quoted(text))
	return nil
}

// literal writes a literal.
func (w *composer) literal(text string) error {
	if strings.IndexByte(text, 0) >= 0 {
		return errNUL
	}
	l := &commands.Literal{Content: strings.NewReader(text), Size: int64(len(text)), Sync: int64(len(text)) > w.unasked}
	w.text.WriteString(l.Announcement())
	l.Before = w.text.String()
	w.size += w.text.Len()
	w.text.Reset()
	w.literals = append(w.literals, l)
	return nil
}

func (w *composer) list(list List, depth int) error {
	if depth == maxListDepth {
		return fmt.Errorf("imapconn: lists are nested more than %d deep", maxListDepth)
	}
	w.text.WriteByte('(')
	for i, arg := range list {
		if i > 0 {
			w.text.WriteByte(' ')
		}
		if err := w.value(arg, depth+1); err != nil {
			return err
		}
	}
	w.text.WriteByte(')')
	return nil
}

func (w *composer) number(arg any) error {
	var n int64
	switch arg := arg.(type) {
	case int:
		n = int64(arg)
	case int64:
		n = arg
	case uint32:
		n = int64(arg)
	case uint64:
		n = int64(arg) // what does not fit is negative
	default:
		return fmt.Errorf("imapconn: an argument of type %T cannot be sent; the documentation of Do lists the types", arg)
	}
	if n < 0 {
		return fmt.Errorf("imapconn: %v is not a number in IMAP, which has none below 0 or above 63 bits", arg)
	}
	w.text.WriteString(strconv.FormatInt(n, 10))
	return nil
}
