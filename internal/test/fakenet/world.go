package fakenet

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mailconn/mailconn/policy"
)

// Resolver is where a World's name server listens.
const Resolver = "192.0.2.53:53"

// World is a network with a name server, web sites and mail servers, and a
// recorder of what they hear.
type World struct {
	*Net
	Names *Names
	CA    *CA

	mu    sync.Mutex
	last  int
	heard []string
}

// NewWorld returns a world in which no name exists.
func NewWorld(t testing.TB) *World {
	w := &World{Net: New(t), Names: new(Names), CA: NewCA(t)}
	w.Names.Serve(w.Net, Resolver)
	return w
}

// Host gives a name an address of its own, and returns that.
func (w *World) Host(name string) string {
	w.mu.Lock()
	w.last++
	ip := fmt.Sprintf("192.0.2.%d", w.last)
	w.mu.Unlock()
	w.Names.Add(name + " A " + ip)
	return ip
}

// Site serves a handler at https://name.
func (w *World) Site(name string, h http.HandlerFunc) { w.SiteAs(name, w.CA.Server(name), h) }

// SiteAs does so with another certificate than the right one.
func (w *World) SiteAs(name string, config *tls.Config, h http.HandlerFunc) {
	w.Listen(w.Host(name)+":443", Web(config, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.note("%s: %s https://%s%s referer=%q cookie=%q auth=%q", name, r.Method, r.Host, r.URL, r.Referer(), r.Header.Get("Cookie"), r.Header.Get("Authorization"))
		h(rw, r)
	})))
}

// Mail serves a protocol at ip on its usual port, with a certificate for some
// names. In the record it goes by name.
func (w *World) Mail(ip, name string, p policy.Protocol, how policy.Policy, certNames ...string) {
	port := p.DefaultPort(how)
	w.Listen(fmt.Sprintf("%s:%d", ip, port), Mail(p, how, w.CA.Server(certNames...), func(line string) {
		w.note("%s:%d: %s", name, port, strings.TrimSpace(line))
	}))
}

func (w *World) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard = append(w.heard, fmt.Sprintf(format, args...))
}

// Recorded returns what was heard so far, sorted: "host: GET URL" with some headers
// of web sites, "host:port: line" of mail servers.
func (w *World) Recorded() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(slices.Values(w.heard))
}

// Page answers with a document at one path; others do not exist.
func Page(path, text string) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path {
			http.NotFound(rw, r)
			return
		}
		fmt.Fprint(rw, text)
	}
}
