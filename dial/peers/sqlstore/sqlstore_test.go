package sqlstore_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/peers/sqlstore"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/policy"
)

var update = flag.Bool("update", false, "write testdata")

var (
	known = peers.Peer{Protocol: policy.IMAP, Host: "mail.example.org", Port: 143}
	noon  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func record() peers.Record {
	return peers.Record{
		Policy: policy.RequiredSTARTTLS, Verified: trust.PKIX, Version: 0x0304, Leaf: trust.KeyHash{1, 2}, Issuer: trust.KeyHash{3},
		Mechanisms: peers.MechanismSet("PLAIN", "SCRAM-SHA-256"), FirstSeen: noon, LastSeen: noon.Add(time.Hour), Lifetime: time.Hour,
	}
}

// The statements for each database are in testdata, those that create the tables
// included.
func TestStatements(t *testing.T) {
	for _, d := range []sqlstore.Dialect{sqlstore.PostgreSQL, sqlstore.MySQL, sqlstore.SQLite} {
		t.Run(d.String(), func(t *testing.T) {
			f := &fake{answer: empty()}
			s, err := sqlstore.Open(t.Context(), f.open(t), sqlstore.Options{Dialect: d})
			err = errors.Join(err, s.Remember(t.Context(), known, record()), s.Forget(t.Context(), known),
				s.Each(t.Context(), func(peers.Peer, peers.Record) error { return nil }))
			_, recall := s.Recall(t.Context(), known)
			if err = errors.Join(err, recall); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", d.String()+".sql")
			if *update {
				os.WriteFile(file, []byte(f.String()), 0o644)
			}
			want, err := os.ReadFile(file)
			if err != nil || string(want) != f.String() {
				t.Errorf("not what %s has (see -update): %v\n%s", file, err, f.String())
			}
		})
	}
}

// empty answers as a database without tables until they are created.
func empty() func(string) ([][]driver.Value, error) {
	made := false
	return func(q string) ([][]driver.Value, error) {
		switch {
		case strings.HasPrefix(q, "SELECT COUNT"), strings.Contains(q, "to_regclass"):
			return [][]driver.Value{{made}}, nil
		case strings.HasPrefix(q, "SELECT version"):
			return [][]driver.Value{{int64(1)}}, nil
		case strings.HasPrefix(q, "SELECT"):
			return nil, nil
		}
		made = true
		return nil, nil
	}
}

// opened returns a store in a database that has its tables and answers all later
// statements with f.
func opened(t *testing.T, f func() ([][]driver.Value, error)) *sqlstore.Store {
	t.Helper()
	begin := empty()
	begin("CREATE")
	db := &fake{answer: begin}
	s, err := sqlstore.Open(t.Context(), db.open(t), sqlstore.Options{Dialect: sqlstore.SQLite})
	if err != nil {
		t.Fatal(err)
	}
	db.set(func(string) ([][]driver.Value, error) { return f() })
	return s
}

func TestOptions(t *testing.T) {
	long := strings.Repeat("x", 50)
	for name, ok := range map[string]bool{
		"": true, "a": true, "_1": true, long: true,
		long + "x": false, "1a": false, "A": false, "a.b": false, "a b": false, `a"`: false, "a`;--": false, "ä": false,
	} {
		o := sqlstore.Options{Dialect: sqlstore.MySQL, Table: name}
		_, err := sqlstore.Schema(o)
		if (err == nil) != ok {
			t.Errorf("table %q: %v", name, err)
		}
		if ok {
			continue
		}
		if _, err := sqlstore.Open(t.Context(), nil, o); err == nil { // without using the database
			t.Errorf("table %q was opened", name)
		}
	}
	if _, err := sqlstore.Open(t.Context(), nil, sqlstore.Options{}); err == nil || !strings.Contains(err.Error(), "want PostgreSQL, MySQL or SQLite") {
		t.Errorf("no dialect: %v", err)
	}
}

// A peer or a record that is not valid is an error without a statement.
func TestRefused(t *testing.T) {
	s := opened(t, func() ([][]driver.Value, error) { t.Error("it was asked"); return nil, nil })
	for _, p := range []peers.Peer{
		{}, {Host: "a"}, {Protocol: 9, Host: "a"}, {Protocol: policy.IMAP}, {Protocol: policy.IMAP, Host: strings.Repeat("a", 256)},
		{Protocol: policy.IMAP, Host: "a "}, {Protocol: policy.IMAP, Host: "ä"}, {Protocol: policy.IMAP, Host: "a\x00"},
	} {
		_, err := s.Recall(t.Context(), p)
		if err == nil || s.Forget(t.Context(), p) == nil || s.Remember(t.Context(), p, record()) == nil {
			t.Errorf("%+v was taken", p)
		}
	}
	far := record()
	far.LastSeen = noon.AddDate(8000, 0, 0)
	rounded := record()
	rounded.LastSeen = time.Date(9999, 12, 31, 23, 59, 0, 0, time.UTC)
	rounded.Lifetime = time.Minute - 1 // in whole seconds it ends in the year 10000
	for _, r := range []peers.Record{{}, far, rounded} {
		if s.Remember(t.Context(), known, r) == nil {
			t.Errorf("%+v was taken", r)
		}
	}
}

// A context that is nil is an error without a statement.
func TestNoContext(t *testing.T) {
	s := opened(t, func() ([][]driver.Value, error) { t.Error("it was asked"); return nil, nil })
	var none context.Context
	_, open := sqlstore.Open(none, nil, sqlstore.Options{Dialect: sqlstore.SQLite})
	_, recall := s.Recall(none, known)
	for name, err := range map[string]error{
		"Open": open, "Recall": recall, "Remember": s.Remember(none, known, record()), "Forget": s.Forget(none, known),
		"Each": s.Each(none, func(peers.Peer, peers.Record) error { return nil }),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "sqlstore: ") || !strings.HasSuffix(err.Error(), ": nil context") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// code is an error as PostgreSQL's drivers have them.
type code string

func (c code) Error() string    { return "code " + string(c) }
func (c code) SQLState() string { return string(c) }

// A statement that the database rolled back because of another is sent again, at most
// twenty times, and after no other error.
func TestRolledBack(t *testing.T) {
	mysql := errors.New("Error 1213 (40001): Deadlock found when trying to get lock")
	for _, c := range []struct {
		err   error
		times int // how often it fails
		sent  int
		ok    bool
	}{
		{code("40001"), 3, 4, true}, {code("40P01"), 3, 4, true}, {mysql, 3, 4, true},
		{code("40001"), 100, 20, false}, {mysql, 100, 20, false},
		{code("23505"), 1, 1, false}, {errors.New("Error 1205 (HY000): Lock wait timeout exceeded"), 1, 1, false},
	} {
		sent := 0
		s := opened(t, func() ([][]driver.Value, error) {
			if sent++; sent <= c.times {
				return nil, c.err
			}
			return nil, nil
		})
		err := s.Remember(t.Context(), known, record())
		if sent != c.sent || (err == nil) != c.ok || err != nil && !errors.Is(err, c.err) {
			t.Errorf("%v, %d times: sent %d times, %v", c.err, c.times, sent, err)
		}
	}
}

// database/sql replaces a connection that the driver reports as lost. Any other loss is
// an error, and the next call uses a new connection.
func TestLostConnection(t *testing.T) {
	lost := errors.New("unexpected EOF")
	sent := 0
	s := opened(t, func() ([][]driver.Value, error) {
		if sent++; sent <= 2 {
			return nil, []error{driver.ErrBadConn, lost}[sent-1]
		}
		return nil, nil
	})
	if err := s.Remember(t.Context(), known, record()); !errors.Is(err, lost) || sent != 2 {
		t.Errorf("sent %d times, %v", sent, err)
	}
	if err := s.Remember(t.Context(), known, record()); err != nil {
		t.Error(err)
	}
}

// If the rows end with an error, Each does not call its function.
func TestListBrokenOff(t *testing.T) {
	lost := errors.New("unexpected EOF")
	row := []driver.Value{"imap", "a.test", int64(143), "required-starttls", "pkix", int64(0x0304), record().Leaf.String(), "", int64(1), int64(1), int64(2), int64(3)}
	s := opened(t, func() ([][]driver.Value, error) { return [][]driver.Value{row, {lost}}, nil })
	err := s.Each(t.Context(), func(peers.Peer, peers.Record) error { t.Error("called"); return nil })
	if !errors.Is(err, lost) {
		t.Error(err)
	}
	if r, err := s.Recall(t.Context(), known); r != nil || !errors.Is(err, lost) {
		t.Errorf("%v, %v", r, err)
	}
}

// A call ends with its context, also if the driver ignores it.
func TestDriverIgnoresContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		s := opened(t, func() ([][]driver.Value, error) { <-end; return nil, nil })
		defer close(end)
		cause := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
		defer cancel()
		_, err := s.Recall(ctx, known)
		for _, err := range []error{err, s.Remember(ctx, known, record())} {
			if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, cause) {
				t.Error(err)
			}
		}
	})
}

// SQLite allows NULL, and text in the place of a number.
func TestCorrupt(t *testing.T) {
	for _, port := range []driver.Value{nil, "imap"} {
		s := opened(t, func() ([][]driver.Value, error) {
			return [][]driver.Value{{"imap", "a\x1b.test", port, "starttls", "pkix", int64(1), "", "", int64(1), int64(1), int64(1), int64(1)}}, nil
		})
		_, err := s.Recall(t.Context(), known)
		var row *sqlstore.RowError
		if !errors.As(err, &row) || row.Table != sqlstore.DefaultTable || row.Peer != "imap a\uFFFD.test:0" || row.Unwrap() == nil {
			t.Errorf("port %v: %v", port, err)
		}
	}
}

func TestSchemaErrorSaysWhatToDo(t *testing.T) {
	for found, want := range map[int]string{0: "another table", 1: "created by an older mailconn", 3: "update the program"} {
		if err := (&sqlstore.SchemaError{Table: "peers", Found: found, Known: 2}).Error(); !strings.Contains(err, want) || !strings.Contains(err, "peers") {
			t.Errorf("%d: %s", found, err)
		}
	}
}
