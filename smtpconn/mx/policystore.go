package mx

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mailconn/mailconn/internal/disk"
)

// PolicyStore keeps MTA-STS policies over restarts. Domains are A-labels in lower case. A
// store that fails holds mail back for domains whose policy could not be fetched anew, as
// then it cannot be told whether there is one. A policy that it does not save counts, and is
// fetched and saved again five minutes later. Its methods are called by many goroutines.
type PolicyStore interface {
	// Load returns what was saved last for a domain, and nil if nothing was.
	Load(ctx context.Context, domain string) (policy []byte, err error)
	// Save keeps a policy in place of what there is for the domain.
	Save(ctx context.Context, domain string, policy []byte) error
	// Domains returns those for which a policy was saved.
	Domains(ctx context.Context) ([]string, error)
}

// PolicyDir is a [PolicyStore] in a directory, which must exist: a file for each domain.
// Several processes may share it. A policy that was saved survives a power failure. A file
// that was not written for a year has ceased to count, and may be removed.
type PolicyDir string

var _ PolicyStore = PolicyDir("")

// prefix begins the names of the files, so that none is a name that a system keeps for
// itself. A domain has at most 253 bytes, and a file's name 255.
const prefix = "@"

func (d PolicyDir) path(domain string) string { return filepath.Join(string(d), prefix+domain) }

// Load reads the file of a domain.
func (d PolicyDir) Load(_ context.Context, domain string) ([]byte, error) {
	f, err := os.Open(d.path(domain))
	if errors.Is(err, fs.ErrNotExist) {
		if _, missing := os.Stat(string(d)); missing != nil {
			return nil, missing // the directory is what does not exist
		}
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, 2*maxPolicy))
}

// Save replaces the file of a domain.
func (d PolicyDir) Save(_ context.Context, domain string, policy []byte) error {
	return disk.Replace(d.path(domain), policy, (*os.File).Sync)
}

// Domains returns those that have a file.
func (d PolicyDir) Domains(context.Context) (all []string, err error) {
	files, err := os.ReadDir(string(d))
	for _, f := range files {
		if domain, ok := strings.CutPrefix(f.Name(), prefix); ok {
			all = append(all, domain)
		}
	}
	return all, err
}
