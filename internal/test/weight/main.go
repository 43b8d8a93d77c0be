// Weight measures what a program takes on that imports a package of this
// module: the modules it vendors, their lines, their licences, and the size of
// the binary. It fails if that is more than was agreed (limits.go), or if
// README.md does not list it.
//
//	go run ./internal/test/weight
//
// Each package is imported by a small program under importer/, where a new one
// needs its own. The program is vendored and built as a module in a temporary
// directory. All of it comes from the module cache: no network is used.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"
)

const module = "github.com/mailconn/mailconn"

// yardstick is what the standard library offers for the same purpose.
const yardstick = "net/smtp"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}
	root := strings.TrimSpace(string(out))
	packages, err := public(root)
	if err != nil {
		return err
	}
	var loads []load
	for _, pkg := range append([]string{yardstick}, packages...) {
		l, err := weigh(root, pkg)
		if err != nil {
			return fmt.Errorf("importer of %s: %w", pkg, err)
		}
		loads = append(loads, l)
	}
	show(loads)
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		return err
	}
	return errors.Join(tooHeavy(loads), unlisted(string(readme), loads))
}

// public returns the packages with code that a program can import, by their
// paths below the module's.
func public(root string) ([]string, error) {
	list := exec.Command("go", "list", "-f", `{{if ne .Name "main"}}{{.ImportPath}}{{end}}`, "./...")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var names []string
	for _, pkg := range strings.Fields(string(out)) {
		name, below := strings.CutPrefix(pkg, module+"/")
		if below && !strings.Contains("/"+name+"/", "/internal/") && !strings.HasPrefix(name, "examples/") {
			names = append(names, name)
		}
	}
	return names, nil
}

func show(loads []load) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "importer of\tmodules\tpackages\tlines\town lines\tKiB\tover "+yardstick+"\t")
	for _, l := range loads {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%+d\t\n", l.pkg, len(l.modules), l.packages, l.foreign, l.own, l.kib, l.kib-loads[0].kib)
	}
	w.Flush()
}
