package sqltest

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/peers/sqlstore"
)

// attempt is one Remember whose connection may have been lost.
type attempt struct {
	before, seen peers.Record
	failed       bool
}

// check returns an error unless the row is as it was, or as it would be if
// nothing had happened; the latter if Remember returned nil.
func (a attempt) check(t *testing.T, s *sqlstore.Store, n int) {
	t.Helper()
	got, err := s.Recall(t.Context(), peer(n))
	check(t, err)
	if *got == a.before.Merge(a.seen) || a.failed && *got == a.before {
		return
	}
	t.Errorf("failed %t\nbefore %+v\nadded  %+v\ngot    %+v", a.failed, a.before, a.seen, *got)
}

// The connection is cut at a random byte of the statement or of the answer: an
// error, a row that is whole and not weaker, and a next call that works.
func TestCutConnection(t *testing.T) {
	onServersAll(t, func(t *testing.T, d database) {
		direct, _, o := d.store(t)
		net := network(t, d.Socket)
		db := through(net, d).open(t)
		far := openStore(t, db, o)
		from := random(t)
		var list []attempt
		var cuts, errs int
		for n := range 400 {
			a := attempt{before: from.record(), seen: from.record()}
			check(t, direct.Remember(t.Context(), peer(n), a.before))
			cut := dialtest.Fault{Kind: dialtest.FaultCut, ToServer: from.IntN(2) == 0, After: from.IntN([]int{16, 250, 2000}[from.IntN(3)])}
			check(t, net.Order(cut))
			err := far.Remember(t.Context(), peer(n), a.seen)
			cuts += count(!net.Withdraw())
			errs += count(err != nil)
			a.failed = err != nil
			a.check(t, direct, n)
			if _, err := far.Recall(t.Context(), peer(n)); err != nil {
				t.Errorf("the next call: %v", err)
			}
			list = append(list, a)
		}
		for n, a := range list { // a server may have carried out later what it had received
			a.check(t, direct, n)
		}
		t.Logf("%d connections cut, %d calls failed", cuts, errs)
		// For a connection that lib/pq reports as lost, database/sql asks for
		// another and sends the statement again. That does no harm either.
		if cuts < 100 || errs < 50 && d.Driver != "postgres" {
			t.Error("too few to mean anything")
		}
	})
}

// The database ends the connection of a statement that waits for its row.
func TestKilledBackend(t *testing.T) {
	onServers(t, func(t *testing.T, d database) {
		s, db, o := d.store(t)
		a := attempt{before: random(t).record(), seen: random(t).record(), failed: true}
		check(t, s.Remember(t.Context(), peer(0), a.before))
		release := lock(t, d, db, o)
		done := make(chan error, 1)
		go func() { done <- s.Remember(t.Context(), peer(0), a.seen) }()
		killWaiting(t, d, db, o)
		if err := <-done; err == nil {
			t.Error("no error")
		}
		release()
		a.check(t, s, 0)
		check(t, s.Remember(t.Context(), peer(0), a.seen))
		a.failed = false
		a.check(t, s, 0)
	})
}

// killWaiting ends the connection that waits for a row of the table.
func killWaiting(t *testing.T, d database, db *sql.DB, o sqlstore.Options) {
	t.Helper()
	find := "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1"
	kill := "SELECT pg_terminate_backend($1)"
	if d.Dialect == sqlstore.MySQL {
		find = "SELECT id FROM information_schema.processlist WHERE info LIKE ?"
		kill = "KILL CONNECTION ?"
	}
	var id int64
	for id == 0 { // until it waits
		err := db.QueryRowContext(t.Context(), find, "INSERT INTO _"+o.Table+"_%").Scan(&id)
		if err != nil && err != sql.ErrNoRows {
			t.Fatal(err)
		}
	}
	_, err := db.ExecContext(t.Context(), kill, id)
	check(t, err)
}

// acknowledgement is a line of a writer.
type acknowledgement struct {
	Peer     int
	Strength strength
}

const writerPeers = 5

// writer is a machine that says of each record that it was kept, until it is
// killed.
func writer(_ *sql.DB, s *sqlstore.Store, _ *bufio.Reader) error {
	from, out := source{rand.New(rand.NewPCG(rand.Uint64(), 0))}, json.NewEncoder(os.Stdout)
	for {
		n, r := from.IntN(writerPeers), from.record()
		if err := s.Remember(context.Background(), peer(n), r); err != nil {
			return err
		}
		if err := out.Encode(acknowledgement{n, strengthOf(r)}); err != nil {
			return err
		}
	}
}

// Machines are killed while they write. What was acknowledged to them is there,
// and every row can be read.
func TestKilledMachines(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		s, _, o := d.store(t)
		l, from := ledger{}, random(t)
		for range 6 {
			machines := []*machine{machineOf(t, "writer", order{d, o}), machineOf(t, "writer", order{d, o})}
			for _, m := range machines {
				m.killAfter(t, 1+from.IntN(60), l)
			}
		}
		for n := range l {
			if err := l.check(t.Context(), s, n); err != nil {
				t.Error(err)
			}
		}
		check(t, s.Each(t.Context(), func(peers.Peer, peers.Record) error { return nil }))
	})
}

// killAfter kills a writer when it has said so many lines, and notes all that
// it has said.
func (m *machine) killAfter(t *testing.T, lines int, l ledger) {
	t.Helper()
	for i := 0; ; i++ {
		said, err := m.hear()
		var a acknowledgement
		if err != nil || json.Unmarshal([]byte(said), &a) != nil {
			if i < lines {
				t.Errorf("writer ended after %d lines: %v", i, err)
			}
			return
		}
		l.add(a.Peer, a.Strength)
		if i == lines {
			m.cmd.Process.Kill()
		}
	}
}

// soon is when a test gives up what it knows to be blocked.
const soon = 200 * time.Millisecond
