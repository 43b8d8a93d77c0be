package sqltest

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/mailconn/mailconn/dial/peers/sqlstore"
)

// machine is a process of the fleet, as the test sees it.
type machine struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

// order is what a machine is told: by which database to play its role.
type order struct {
	Database database
	Options  sqlstore.Options
}

// connections is how many a machine has. InnoDB is soon busy with nothing but
// its queue when hundreds wait for one row.
const connections = 8

// machineOf starts this program again. It is killed with the test.
func machineOf(t *testing.T, role string, o order) *machine {
	t.Helper()
	m := &machine{cmd: exec.Command(os.Args[0])}
	m.cmd.Env = append(os.Environ(), roleOf+"="+role)
	m.cmd.Stderr = os.Stderr
	var err error
	m.in, err = m.cmd.StdinPipe()
	check(t, err)
	out, err := m.cmd.StdoutPipe()
	check(t, err)
	m.out = bufio.NewScanner(out)
	m.out.Buffer(nil, 1<<20)
	check(t, m.cmd.Start())
	t.Cleanup(func() {
		m.cmd.Process.Kill()
		m.cmd.Wait()
	})
	check(t, json.NewEncoder(m.in).Encode(o))
	return m
}

// hear returns a machine's next line.
func (m *machine) hear() (string, error) {
	if !m.out.Scan() {
		return "", errors.Join(errors.New("machine has ended"), m.out.Err())
	}
	return m.out.Text(), nil
}

// play plays a role: in a machine, this is main.
func play(role string) error {
	in := bufio.NewReader(os.Stdin)
	line, err := in.ReadBytes('\n')
	var o order
	if err = errors.Join(err, json.Unmarshal(line, &o)); err != nil {
		return err
	}
	db, err := sql.Open(o.Database.Driver, o.Database.DSN)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(connections)
	f, known := map[string]func(*sql.DB, *sqlstore.Store, *bufio.Reader) error{
		"fleet": fleet, "writer": writer, "holder": holder,
	}[role]
	if !known {
		return fmt.Errorf("no role %q", role)
	}
	s, err := sqlstore.Open(context.Background(), db, o.Options)
	if err != nil {
		return err
	}
	return f(db, s, in)
}

// fleet is one machine with many goroutines that learn and tighten the same
// peers. It says when it is ready, waits for the word, and says in the end what
// was acknowledged to it.
func fleet(_ *sql.DB, s *sqlstore.Store, in *bufio.Reader) error {
	const goroutines, rounds, servers = 50, 20, 5
	fmt.Println("ready")
	if _, err := in.ReadBytes('\n'); err != nil {
		return err
	}
	ledgers, errs := make([]ledger, goroutines), make([]error, goroutines)
	var wg sync.WaitGroup
	for g := range goroutines {
		ledgers[g] = ledger{}
		from := source{rand.New(rand.NewPCG(rand.Uint64(), 0))}
		wg.Go(func() {
			for range rounds {
				errs[g] = errors.Join(errs[g], ledgers[g].learn(context.Background(), s, from, servers))
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(ledgers)
}

// Four processes with fifty goroutines each, which all start on a database
// without tables.
func TestFleet(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		o := d.options()
		var machines []*machine
		for range 4 {
			machines = append(machines, machineOf(t, "fleet", order{d, o}))
		}
		for _, m := range machines {
			_, err := m.hear()
			check(t, err)
		}
		for _, m := range machines {
			fmt.Fprintln(m.in)
		}
		var all []ledger
		for _, m := range machines {
			said, err := m.hear()
			check(t, err)
			var ledgers []ledger
			check(t, json.Unmarshal([]byte(said), &ledgers))
			all = append(all, ledgers...)
		}
		if len(all) != 200 {
			t.Errorf("%d goroutines told what was acknowledged", len(all))
		}
		holds(t, openStore(t, d.open(t), o), all...)
	})
}
