// Package layout has no code of its own: its tests keep the packages of this
// module in their places, and the arrows between them pointing one way.
package layout

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/internal/test/packages"
)

const (
	goIMAP     = "github.com/emersion/go-imap/v2"
	goSMTP     = "github.com/emersion/go-smtp"
	goSASL     = "github.com/emersion/go-sasl"
	dnsmessage = "golang.org/x/net/dns/dnsmessage"
	idna       = "golang.org/x/net/idna"

	scram      = "github.com/xdg-go/scram"
	stringprep = "github.com/xdg-go/stringprep"
)

// allowed lists what each package may import besides the standard library:
// packages of this module without the module's path, others in full. A name
// that ends in /... stands for a package and all below it. A public package that
// is not listed may import what its parent directory's package may, and that
// package.
var allowed = map[string][]string{
	".":                                {},
	"policy":                           {},
	"internal/wire":                    {"policy"},
	"internal/line":                    {"internal/wire", "policy"},
	"internal/line/imap":               {"internal/line", "internal/wire", "policy"},
	"internal/line/imap/...":           {"internal/line", "internal/line/imap", "internal/line/imap/...", "internal/wire", "policy"},
	"internal/line/imap/message":       {"internal/line/imap/response", goIMAP},
	"internal/line/smtp":               {"internal/line", "internal/wire", "policy"},
	"internal/line/smtp/...":           {"internal/line", "internal/line/smtp", "internal/wire", "policy", idna},
	"internal/line/pop3":               {"internal/line", "internal/wire", "policy"},
	"internal/protocols":               {"internal/line/...", "policy"},
	"internal/upgrade":                 {"internal/line", "internal/wire", "policy"},
	"internal/endpoint":                {"internal/hostname", "policy"},
	"internal/hint":                    {"dial/peers", "dial/trust", "internal/endpoint", "internal/hostname", "internal/line", "internal/protocols", "internal/upgrade", "internal/wire", "policy"},
	"internal/hostname":                {"internal/wire", idna},
	"internal/disk":                    {"internal/wire"},
	"internal/recall":                  {"dial/peers", "dial/trust", "internal/upgrade", "internal/wire", "policy"},
	"internal/deflate":                 {"internal/wire", "policy"},
	"internal/transcript":              {"internal/line", "internal/wire"},
	"internal/verify":                  {"dial/trust", "policy"},
	"internal/verify/expect":           {"dial/dns", "dial/trust", "internal/verify"},
	"dial/trust":                       {"policy"},
	"dial/peers":                       {"dial/trust", "policy"},
	"dial/peers/...":                   {"dial/peers", "dial/trust", "internal/disk", "internal/wire", "policy"},
	"dial":                             {"dial/peers", "dial/trust", "internal/endpoint", "internal/hint", "internal/hostname", "internal/protocols", "internal/recall", "internal/transcript", "internal/upgrade", "internal/verify", "internal/wire", "policy"},
	"internal/backoff":                 {},
	"internal/binding":                 {scram},
	"internal/saslprep":                {stringprep},
	"internal/scramlimits":             {},
	"dial/auth":                        {"dial", "dial/auth/internal/redact", "dial/peers", "dial/trust", "internal/binding", "internal/saslprep", "internal/scramlimits", "internal/wire", "policy", goSASL, scram},
	"dial/auth/internal/redact":        {"internal/wire"},
	"dial/legacy":                      {"dial", "policy"},
	"dial/dns":                         {"policy", "internal/hostname", "internal/wire", dnsmessage},
	"internal/netguard":                {"dial", "dial/dns", dnsmessage},
	"dial/discover":                    {"dial", "dial/dns", "internal/hostname", "internal/netguard", "internal/wire", "policy", dnsmessage, idna},
	"internal/outage":                  {"dial", "dial/auth", "internal/backoff", "policy"},
	"internal/unsolicited":             {},
	"internal/session":                 {"dial", "dial/auth", "policy"},
	"imapconn":                         {"dial", "dial/auth", "imapconn/internal/commands", "imapconn/internal/fetch", "imapconn/internal/imaplogin", "imapconn/internal/notice", "imapconn/internal/numset", "imapconn/internal/stream", "imapconn/internal/values", "internal/line/imap", "internal/line/imap/response", "internal/session", "internal/unsolicited", "internal/wire", "policy", goIMAP + "/...", goSASL},
	"imapconn/internal/numset":         {},
	"imapconn/internal/values":         {"internal/line/imap/response"},
	"imapconn/internal/notice":         {"dial", "internal/line/imap/mend", "internal/wire", "policy", goIMAP},
	"imapconn/internal/commands":       {"imapconn/internal/numset", "internal/line/imap/message", "internal/line/imap/response", "internal/wire", goIMAP},
	"imapconn/internal/stream":         {"dial", "imapconn/internal/commands", "imapconn/internal/notice", "imapconn/internal/values", "internal/deflate", "internal/line/imap/mend", "internal/line/imap/message", "internal/line/imap/response", "internal/session", "internal/unsolicited", "internal/wire", "policy", goIMAP + "/..."},
	"imapconn/internal/imaplogin":      {"dial", "dial/auth", "internal/line", "internal/line/imap", "internal/wire", "policy"},
	"imapconn/internal/fetch":          {"imapconn/internal/commands", "imapconn/internal/numset", "imapconn/internal/stream", "imapconn/internal/values", "internal/line/imap", "internal/line/imap/message", "internal/line/imap/response", goIMAP},
	"imapconn/imapwatch":               {"dial", "dial/auth", "imapconn", "imapconn/internal/fetch", "internal/disk", "internal/line/imap", "internal/outage", "internal/unsolicited", "internal/wire", "policy", goIMAP + "/..."},
	"smtpconn":                         {"dial", "dial/auth", "internal/line", "internal/line/smtp", "internal/line/smtp/...", "internal/session", "internal/wire", "policy", "smtpconn/internal/smtplogin", goSMTP, goSASL},
	"smtpconn/internal/smtplogin":      {"dial", "dial/auth", "internal/line", "internal/line/smtp", "internal/wire"},
	"smtpconn/mx":                      {"dial", "dial/dns", "internal/disk", "internal/line/smtp", "internal/netguard", "internal/verify", "internal/verify/expect", "internal/wire", "policy", "smtpconn", goSMTP, dnsmessage},
	"smtpconn/pool":                    {"dial", "dial/auth", "internal/backoff", "internal/line/smtp", "internal/line/smtp/transaction", "internal/wire", "policy", "smtpconn", goSMTP},
	"smtpconn/outbox":                  {"internal/backoff", "internal/disk", "internal/line/smtp", "internal/line/smtp/transaction", "internal/wire", "smtpconn", "smtpconn/outbox/internal/journal", "smtpconn/pool", goSMTP},
	"smtpconn/outbox/internal/journal": {"internal/disk", "internal/wire", "smtpconn", goSMTP},
	"pop3conn":                         {"dial", "dial/auth", "internal/line", "internal/line/pop3", "internal/session", "internal/wire", "policy", goSASL},
	"pop3conn/pop3watch":               {"dial", "dial/auth", "internal/disk", "internal/outage", "internal/wire", "policy", "pop3conn"},
	"dial/dialtest":                    {"dial", "dial/dialtest/...", "internal/test/script", "policy"},
	"dial/dialtest/internal/relay":     {"dial/dialtest/internal/serve", "internal/test/script", "policy"},
	"dial/dialtest/...":                {"dial/dialtest/internal/mimepart", "dial/dialtest/internal/serve", "dial/dialtest/mailstore", "policy"},
}

// permitted returns what a package may import by the table, and whether it has a
// place in it.
func permitted(pkg string) (list []string, known bool) {
	if list, known = allowed[pkg]; known {
		return list, true
	}
	for below := path.Dir(pkg); below != "."; below = path.Dir(below) {
		if list, known = allowed[below+"/..."]; known {
			return list, true
		}
	}
	parent := path.Dir(pkg)
	list, known = allowed[parent]
	return append(slices.Clone(list), parent), known && parent != "." && !within("internal/...", pkg)
}

// within reports whether pkg is name, or below it if name ends in /... .
func within(name, pkg string) bool {
	below, all := strings.CutSuffix(name, "/...")
	return pkg == below || all && strings.HasPrefix(pkg, below+"/")
}

// code returns the packages that have code which is not a test.
func code(t *testing.T) []packages.Package {
	t.Helper()
	all, err := packages.All("../../..")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(p packages.Package) bool { return len(p.GoFiles) == 0 })
}

// imports returns what a package imports: packages of this module without the
// module's path.
func imports(p packages.Package) []string {
	var list []string
	for _, imported := range p.Imports {
		list = append(list, strings.TrimPrefix(imported, packages.Module+"/"))
	}
	return list
}

// standard reports whether an import is of the standard library.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".") && allowed[first] == nil && first != "internal"
}

func TestImports(t *testing.T) {
	for _, p := range code(t) {
		if within("examples/...", p.Path) || within("internal/test/...", p.Path) {
			continue
		}
		list, known := permitted(p.Path)
		if !known {
			t.Errorf("package %s has no place in the layout", p.Path)
			continue
		}
		for _, imported := range imports(p) {
			switch {
			case within("testing/...", imported), imported == "log":
				t.Errorf("%s must not import %s", p.Path, imported)
			case standard(imported):
			case !slices.ContainsFunc(list, func(name string) bool { return within(name, imported) }):
				t.Errorf("%s must not import %s", p.Path, imported)
			}
		}
	}
}

// TestTable looks for packages that the table lists and that are gone.
func TestTable(t *testing.T) {
	all := code(t)
	for name := range allowed {
		if !slices.ContainsFunc(all, func(p packages.Package) bool { return within(name, p.Path) }) && name != "." {
			t.Errorf("there is no package %s", name)
		}
	}
}

// never lists what packages must not import, not even by way of others. It holds
// whatever the table allows.
var never = []struct {
	packages string
	imports  []string
}{
	{"imapconn/...", []string{"smtpconn/...", "pop3conn/..."}},
	{"imapconn/internal/stream", []string{"imapconn", "imapconn/internal/fetch", "imapconn/internal/imaplogin"}},
	{"smtpconn/...", []string{"imapconn/...", "pop3conn/..."}},
	{"pop3conn/...", []string{"imapconn/...", "smtpconn/..."}},
	{"dial", []string{"dial/auth/...", "github.com/..."}},
	{"dial/auth/...", []string{"imapconn/...", "smtpconn/...", "pop3conn/..."}},
	{"dial/dialtest/...", []string{"dial/auth/...", "imapconn/...", "smtpconn/...", "pop3conn/..."}},
	{"internal/upgrade", []string{"internal/line/imap", "internal/line/smtp", "internal/line/pop3", "internal/protocols", "dial/..."}},
	{"policy", []string{"internal/...", "dial/..."}},
}

// reached returns what a package imports, by itself and by way of others.
func reached(all []packages.Package, path string) map[string]bool {
	seen := map[string]bool{}
	var visit func(string)
	visit = func(path string) {
		i := slices.IndexFunc(all, func(p packages.Package) bool { return p.Path == path })
		if i < 0 {
			return
		}
		for _, imported := range imports(all[i]) {
			if !seen[imported] {
				seen[imported] = true
				visit(imported)
			}
		}
	}
	visit(path)
	return seen
}

func TestNever(t *testing.T) {
	all := code(t)
	for _, rule := range never {
		found := false
		for _, p := range all {
			if !within(rule.packages, p.Path) {
				continue
			}
			found = true
			for _, imported := range slices.Sorted(maps.Keys(reached(all, p.Path))) {
				if slices.ContainsFunc(rule.imports, func(name string) bool { return within(name, imported) }) {
					t.Errorf("%s must not depend on %s", p.Path, imported)
				}
			}
		}
		if !found {
			t.Errorf("there is no package %s", rule.packages)
		}
	}
}

// Examples are for reading and copying: they import what their readers can.
// What is only for tests is imported by tests alone, with one exception.
func TestExamplesAndTests(t *testing.T) {
	for _, p := range code(t) {
		for _, imported := range imports(p) {
			switch {
			case within("examples/...", p.Path) && within("internal/...", imported):
				t.Errorf("%s must not import %s", p.Path, imported)
			case !within("examples/...", p.Path) && within("examples/...", imported):
				t.Errorf("%s must not import %s", p.Path, imported)
			case within("dial/dialtest/...", p.Path) && imported == "internal/test/script":
			case !within("internal/test/...", p.Path) && within("internal/test/...", imported):
				t.Errorf("%s must not import %s", p.Path, imported)
			}
		}
	}
}

// TestNames keeps two packages from having one name, programs aside.
func TestNames(t *testing.T) {
	paths := map[string]string{}
	for _, p := range code(t) {
		last := path.Base(p.Path)
		switch {
		case p.Name == "main" || p.Path == ".":
			continue
		case paths[last] != "":
			t.Errorf("%s and %s have one name", p.Path, paths[last])
		case p.Name != last && p.Name != strings.TrimSuffix(last, "_test"):
			t.Errorf("package %s is in directory %s", p.Name, p.Path)
		}
		paths[last] = p.Path
	}
}

// TestRoof holds the list in the documentation of internal/test to its folders.
func TestRoof(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "doc.go"))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && !strings.Contains(string(text), "  - "+e.Name()+": ") {
			t.Errorf("internal/test/doc.go does not say what %s is", e.Name())
		}
	}
	if lines := strings.Count(string(text), "  - "); lines != len(entries)-1 {
		t.Errorf("internal/test/doc.go lists %d folders of %d", lines, len(entries)-1)
	}
}
