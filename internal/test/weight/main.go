// Weight measures what a program takes on that imports a package of this
// module: the modules it vendors, their lines, their licences, and the size of
// the binary. It fails if that is more than was agreed (limits.go), or if
// README.md does not list it.
//
//	go run ./internal/test/weight
//
// The program is generated, and uses all that the package exports: no other
// importer takes on more. It is vendored and built as a module in a temporary
// directory. All of it comes from the module cache: no network is used.
package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/mailconn/mailconn/internal/test/packages"
)

// yardstick is what the standard library offers for the same purpose.
const yardstick = "net/smtp"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", packages.Module).Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}
	root := strings.TrimSpace(string(out))
	all, err := packages.Types(root, yardstick)
	if err != nil {
		return err
	}
	base, err := weigh(root, yardstick, all[yardstick])
	if err != nil {
		return fmt.Errorf("importer of %s: %w", yardstick, err)
	}
	var loads []load
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if path == "." || path == yardstick {
			continue // no code, and the measure
		}
		l, err := weigh(root, path, all[path])
		if err != nil {
			return fmt.Errorf("importer of %s: %w", path, err)
		}
		l.kib -= base.kib
		loads = append(loads, l)
	}
	show(loads, base.kib)
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		return err
	}
	return errors.Join(tooHeavy(loads), unlisted(string(readme), loads))
}

func show(loads []load, base int) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "importer of\tmodules\tpackages\tlines\town lines\tKiB over %s (%d)\t\n", yardstick, base)
	for _, l := range loads {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%+d\t\n", l.pkg, len(l.modules), l.packages, l.foreign, l.own, l.kib)
	}
	w.Flush()
}
