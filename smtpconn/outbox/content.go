package outbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/internal/line/smtp/transaction"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/smtpconn/outbox/internal/journal"
)

// measure reads content to its end, checks that it can be sent, and gives it to write.
func measure(ctx context.Context, e *journal.Envelope, content io.Reader, write func([]byte) error) (size int64, sum journal.Digest, err error) {
	h := sha256.New()
	read := func(b []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, wire.ContextError(ctx)
		}
		n, err := wire.ReadSome(content, b)
		h.Write(b[:n])
		size += int64(n)
		if n > 0 {
			if failed := write(b[:n]); failed != nil {
				return 0, failed
			}
		}
		return n, err
	}
	text, buf := newText(e, readerFunc(read)), make([]byte, 64<<10)
	for !text.Done() {
		if _, err := text.Fill(buf); err != nil {
			return 0, sum, err
		}
	}
	h.Sum(sum[:0])
	return size, sum, nil
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// newText checks content for what no relay could make right.
func newText(e *journal.Envelope, content io.Reader) *transaction.Encoder {
	var body smtp.BodyType
	if e.Mail != nil {
		body = e.Mail.Body
	}
	return &transaction.Encoder{
		Source: content, Binary: body == smtp.BodyBinaryMIME, ASCII: body == smtp.Body7Bit,
		Normalize: e.NormalizeLines, Short: e.ShortLines,
	}
}

// store writes content to a file and syncs it. After an error the file is not there.
func (o *Outbox) store(ctx context.Context, key string, e *journal.Envelope, content io.Reader) (size int64, sum journal.Digest, err error) {
	calls, at := o.journal.Calls, int64(0)
	err = calls.Create(o.contentPath(key), func(f *os.File) (err error) {
		size, sum, err = measure(ctx, e, content, func(b []byte) error {
			n, err := calls.Write(f, b, at)
			at += int64(n)
			return err
		})
		return err
	})
	return size, sum, err
}

func (o *Outbox) contentPath(key string) string { return filepath.Join(o.dir, contentDir, key) }

var errChanged = errors.New("the content is not what was stored")

// stored is the content of a message, which knows whether what was read of it since its
// beginning is what was stored.
type stored struct {
	file *os.File
	call func(*os.File, []byte) (int, error)
	size int64
	sum  journal.Digest

	mu   sync.Mutex // a relay may leave a Read behind
	hash hash.Hash
	at   int64 // all before it is in hash
	err  error // of the disk, or errChanged
}

// openContent opens the content of a message.
func (o *Outbox) openContent(m *journal.Message) (*stored, error) {
	f, info, err := openFile(o.contentPath(m.Key))
	if err != nil {
		return nil, err
	}
	if info.Size() != m.Size {
		f.Close()
		return nil, fmt.Errorf("%w: it has %d bytes, want %d", errChanged, info.Size(), m.Size)
	}
	return &stored{file: f, call: o.journal.Calls.Read, size: m.Size, sum: m.Sum, hash: sha256.New()}, nil
}

func (s *stored) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.call(s.file, b)
	s.hash.Write(b[:n])
	s.at += int64(n)
	if err == io.EOF && s.at < s.size {
		err = errChanged
	}
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// Seek is for a reader that begins again, or asks for the length.
func (s *stored) Seek(offset int64, whence int) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, err := s.file.Seek(offset, whence)
	if at == 0 {
		s.hash.Reset()
	}
	s.at = at
	return at, err
}

// check returns an error unless all was read, and is what was stored.
func (s *stored) check() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil && (s.at != s.size || !bytes.Equal(s.hash.Sum(nil), s.sum[:])) {
		s.err = errChanged
	}
	return s.err
}

// failed returns the error that a Read or check has met.
func (s *stored) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *stored) Close() error { return s.file.Close() }
