package filestore_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/peers/filestore"
	"github.com/mailconn/mailconn/internal/test/child"
)

// writeUntilKilled remembers servers that other processes remember as well, and some
// of its own. It writes to standard output what Remember has acknowledged. It writes a
// few bytes at a time, and often writes the file anew, so that kills interrupt writes.
func writeUntilKilled(args []string) error {
	ctx := context.Background()
	s, err := filestore.Open(ctx, args[0])
	if err != nil {
		return err
	}
	id, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	s.SetSlack(10)
	s.OnWrite(inPieces)
	for {
		i := rand.IntN(8)
		if rand.IntN(2) == 0 {
			i += 8 * (id + 1)
		}
		p, r := peer(i), randomRecord()
		if err := s.Remember(ctx, p, r); err != nil {
			return err
		}
		if _, err := os.Stdout.Write(filestore.Line(p, &r)); err != nil {
			return err
		}
	}
}

// randomRecord returns the record of some session.
func randomRecord() peers.Record {
	r := record(rand.IntN(1000))
	r.Version = tls.VersionTLS12 + uint16(rand.IntN(2))
	r.Mechanisms = 1 << rand.IntN(17)
	r.Lifetime += time.Duration(rand.IntN(1000)) * time.Minute
	return r
}

func inPieces(f *os.File, b []byte, at int64) (n int, err error) {
	for n < len(b) && err == nil {
		var k int
		k, err = f.WriteAt(b[n:min(len(b), n+1+rand.IntN(100))], at+int64(n))
		n += k
	}
	return n, err
}

// ledger has the records that were acknowledged.
type ledger struct {
	mu    sync.Mutex
	peers map[peers.Peer]peers.Record
	acks  int
	torn  int // how often the file ended in the beginning of a line
}

// TestKilled runs four processes that write, and kills them at random moments. The file
// can always be read, and has everything that was acknowledged.
func TestKilled(t *testing.T) {
	const programs = 4
	path, kills := newPath(t), 40
	if full() {
		kills = 1000
	}
	known := &ledger{peers: map[peers.Peer]peers.Record{}}
	var wg sync.WaitGroup
	for id := range programs {
		wg.Go(func() {
			for range kills / programs {
				known.add(t, killed(t, path, id))
				known.check(t, path)
			}
		})
	}
	wg.Wait()
	remember(t, open(t, path), peer(0), record(0))
	known.check(t, path)
	if known.acks < kills || full() && known.torn == 0 {
		t.Errorf("only %d records were acknowledged, and %d lines were seen to be written", known.acks, known.torn)
	}
	t.Logf("%d kills; %d records acknowledged of %d servers; %d lines met half-written", kills, known.acks, len(known.peers), known.torn)
}

// killed runs a process and kills it at a random moment after a random number of
// acknowledged records, which may be none. It returns the output.
func killed(t *testing.T, path string, id int) []byte {
	var stderr bytes.Buffer
	cmd := child.Command(t, "write", path, strconv.Itoa(id))
	kill := sync.OnceFunc(func() {
		time.AfterFunc(rand.N(50*time.Millisecond), func() { cmd.Process.Kill() })
	})
	stdout := &counter{left: rand.IntN(6), reached: kill}
	cmd.Stdout, cmd.Stderr = stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Error(err)
		return nil
	}
	if stdout.left == 0 {
		kill()
	}
	if err := cmd.Wait(); err == nil || stderr.Len() > 0 {
		t.Errorf("program %d: %v\n%s", id, err, &stderr)
	}
	return stdout.text
}

// counter keeps what is written to it, and calls reached when it has so many lines.
type counter struct {
	text    []byte
	left    int
	reached func()
}

func (c *counter) Write(p []byte) (int, error) {
	c.text = append(c.text, p...)
	if bytes.Count(c.text, []byte("\n")) >= c.left {
		c.reached()
	}
	return len(p), nil
}

// add adds the lines that were acknowledged to a process that was killed.
func (l *ledger) add(t *testing.T, acknowledged []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range bytes.Lines(acknowledged) {
		line, whole := bytes.CutSuffix(line, []byte("\n"))
		if !whole {
			break
		}
		p, r, err := filestore.Parse(line)
		if err != nil {
			t.Error(err)
			return
		}
		if old, known := l.peers[p]; known {
			*r = old.Merge(*r)
		}
		l.peers[p] = *r
		l.acks++
	}
}

// check fails the test unless the file has everything that was acknowledged.
func (l *ledger) check(t *testing.T, path string) {
	l.mu.Lock()
	want := maps.Clone(l.peers)
	l.mu.Unlock()
	s, err := filestore.Open(t.Context(), path)
	if err != nil {
		t.Error(err)
		return
	}
	defer s.Close()
	got, err := list(t.Context(), s)
	if err != nil {
		t.Error(err)
	}
	for p, r := range want {
		if now, known := got[p]; !known || !weakerOrSame(r, now) {
			t.Errorf("%v: acknowledged %+v, and there is %+v", p, r, now)
		}
	}
	if text, err := os.ReadFile(path); err == nil && !bytes.HasSuffix(text, []byte("\n")) {
		l.mu.Lock()
		l.torn++
		l.mu.Unlock()
	}
}

// weakerOrSame reports whether a is not stronger than b.
func weakerOrSame(a, b peers.Record) bool {
	return a.Version <= b.Version && a.Mechanisms&^b.Mechanisms == 0 && a.Lifetime <= b.Lifetime &&
		!b.LastSeen.Before(a.LastSeen) && !b.FirstSeen.After(a.FirstSeen)
}
