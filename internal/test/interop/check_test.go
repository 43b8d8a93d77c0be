package interop

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/policy"
)

// TestCheck compares the findings of examples/check with testdata/check.txt: what it says of
// real servers, each port of which has one thing wrong.
func TestCheck(t *testing.T) {
	program := buildCheck(t)
	g := readGrid(t, "testdata/check.txt")
	t.Run("servers", func(t *testing.T) {
		for server, start := range starts {
			t.Run(server, func(t *testing.T) {
				t.Parallel()
				checkServer(t, g, program, server, start)
			})
		}
	})
}

// checkServer has the program look at all ports of a server that the grid has.
func checkServer(t *testing.T, g *grid, program, server string, start func(*servers.Lab) finder) {
	lab := servers.New(t)
	s := start(lab)
	cells := map[string][2]string{} // by URL
	args := []string{"-json", "-total", "5m", "-ca", filepath.Join(lab.Dir(), "certs", "ca.pem")}
	for _, column := range g.columns {
		name, scheme, _ := strings.Cut(column, ":")
		if name != server {
			continue
		}
		kind := must(dial.ParseEndpoint(scheme + "://" + host))(t)
		for _, row := range g.rows {
			if !g.has(row, column) {
				continue
			}
			url := scheme + "://" + s.Addr(servers.Place{Protocol: kind.Protocol, Implicit: kind.Policy == policy.ImplicitTLS, Variant: servers.Variant(row)})
			cells[url] = [2]string{row, column}
			args = append(args, url)
		}
	}
	if len(cells) == 0 {
		return // not in the grid
	}
	for url, found := range findings(t, program, args) {
		if cells[url][0] == string(servers.Good) && !strings.HasPrefix(url, "smtp") { // a relay takes no login
			checkLogin(t, program, server, lab, url)
		}
		g.compare(t, cells[url][0], cells[url][1], strings.Join(found, "+"))
	}
}

// checkLogin has the program log in: with a binding to TLS where the server has one.
func checkLogin(t *testing.T, program, server string, lab *servers.Lab, url string) {
	t.Helper()
	file := filepath.Join(lab.Dir(), "password")
	if err := os.WriteFile(file, []byte(servers.Secret), 0o600); err != nil {
		t.Fatal(err)
	}
	found := findings(t, program, []string{"-json", "-ca", filepath.Join(lab.Dir(), "certs", "ca.pem"),
		"-user", servers.Alice, "-password-file", file, "-expect", "login", url})
	want := "none"
	if server == "cyrus" {
		want = "unbound-login" // it lists mechanisms with -PLUS, and refuses the binding
	}
	got := slices.DeleteFunc(found[url], func(id string) bool { return id == "old-tls" })
	if len(got) == 0 {
		got = []string{"none"}
	}
	if strings.Join(got, "+") != want {
		t.Errorf("login at %s: %q, want %s", url, got, want)
	}
}

// findings runs the program, and returns what it found at each URL.
func findings(t *testing.T, program string, args []string) map[string][]string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatal(err)
	}
	var report struct {
		Endpoints []struct{ URL string }
		Findings  []struct {
			ID    string
			Where []string
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, e := range report.Endpoints {
		found[e.URL] = nil
		for _, f := range report.Findings {
			if slices.Contains(f.Where, e.URL) {
				found[e.URL] = append(found[e.URL], f.ID)
			}
		}
		if found[e.URL] == nil {
			found[e.URL] = []string{"none"}
		}
	}
	return found
}

// buildCheck builds examples/check.
func buildCheck(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "check")
	build := exec.Command("go", "build", "-o", path, "./examples/check")
	build.Dir, build.Stderr = "../../..", os.Stderr
	if err := build.Run(); err != nil {
		t.Fatal(err)
	}
	return path
}
