package nameservers

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Zone is a zone with its records, without the SOA and the NS.
type Zone struct {
	Name    string
	Signed  bool
	Expired bool     // the signatures are
	Records []string // as in a zone file, names being relative
}

// NSD is nsd with some zones.
type NSD struct {
	Port    int
	zones   []Zone
	anchors []string // the DNSKEY records that a validating resolver is to trust
}

// The zone that every server has, with the name that tells that it has read its zones.
const (
	probe = "probe.example"
	ready = "ready"
)

// StartNSD signs the zones and serves them until the test ends.
func StartNSD(t testing.TB, zones ...Zone) *NSD {
	t.Helper()
	zones = append(zones, Zone{Name: probe, Records: []string{ready + ` TXT "yes"`}})
	nsd := Find(t, "nsd")
	d := dir(t)
	s := &NSD{Port: freePort(t), zones: zones}
	conf := fmt.Sprintf(`server:
	ip-address: 127.0.0.1@%d
	username: ""
	chroot: ""
	database: ""
	server-count: 1
	zonesdir: %q
	pidfile: %q
	xfrdfile: %q
	zonelistfile: %q
	xfrdir: %q
	rrl-ratelimit: 0
remote-control:
	control-enable: no
`, s.Port, d, d+"/nsd.pid", d+"/xfrd.state", d+"/zone.list", d)
	for _, z := range zones {
		file := filepath.Join(d, z.Name)
		write(t, file, "$ORIGIN "+z.Name+".\n$TTL 1\n@ SOA ns hostmaster 1 3600 600 86400 1\n@ NS ns\nns A 127.0.0.1\n"+strings.Join(z.Records, "\n")+"\n")
		if z.Signed {
			s.anchors = append(s.anchors, sign(t, d, z))
			file += ".signed"
		}
		conf += fmt.Sprintf("zone:\n\tname: %s\n\tzonefile: %q\n", z.Name, file)
	}
	write(t, d+"/nsd.conf", conf)
	serve(t, s.Port, nsd, "-d", "-c", d+"/nsd.conf")
	return s
}

// sign signs a zone's file, and returns the record of its key.
func sign(t testing.TB, d string, z Zone) string {
	t.Helper()
	keygen, signzone := Find(t, "dnssec-keygen"), Find(t, "dnssec-signzone")
	run := func(argv ...string) string {
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Dir = d
		var said bytes.Buffer
		cmd.Stderr = &said
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%q: %v\n%s%s", argv, err, out, &said)
		}
		return strings.TrimSpace(string(out))
	}
	key := run(keygen, "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", z.Name)
	run(keygen, "-q", "-a", "ECDSAP256SHA256", z.Name)
	argv := []string{signzone, "-q", "-P", "-S", "-K", ".", "-o", z.Name, "-f", z.Name + ".signed"}
	if z.Expired {
		argv = append(argv, "-s", "20200101000000", "-e", "20200201000000")
	}
	run(append(argv, z.Name)...)
	record, err := os.ReadFile(filepath.Join(d, key+".key"))
	if err != nil {
		t.Fatal(err)
	}
	return lastLine(string(record))
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

// StartUnbound starts a resolver that validates, finds the zones of s at a port, that of s
// or of a man in the middle, and keeps nothing for longer than it must. It asks for each
// name, whatever another answer says about it, and again on a busy machine: what it
// answers depends on no order. It returns its port.
func StartUnbound(t testing.TB, s *NSD, at int) int {
	t.Helper()
	port := freePort(t)
	StartUnboundAt(t, s, at, port)
	return port
}

// StartUnboundAt is StartUnbound at a port that is given.
func StartUnboundAt(t testing.TB, s *NSD, at, port int) {
	t.Helper()
	unbound := Find(t, "unbound")
	d := dir(t)
	write(t, d+"/anchors", strings.Join(s.anchors, "\n")+"\n")
	conf := fmt.Sprintf(`server:
	interface: 127.0.0.1@%d
	username: ""
	chroot: ""
	directory: %q
	pidfile: %q
	use-syslog: no
	num-threads: 1
	do-not-query-localhost: no
	do-ip6: no
	module-config: "validator iterator"
	trust-anchor-file: %q
	qname-minimisation: no
	cache-max-ttl: 1
	cache-max-negative-ttl: 1
	aggressive-nsec: no
	outbound-msg-retry: 20
	local-zone: "test." nodefault
`, port, d, d+"/unbound.pid", d+"/anchors")
	stubs := ""
	for _, z := range s.zones {
		if !z.Signed {
			conf += fmt.Sprintf("\tdomain-insecure: %q\n", z.Name)
		}
		stubs += fmt.Sprintf("stub-zone:\n\tname: %q\n\tstub-addr: 127.0.0.1@%d\n", z.Name, at)
	}
	write(t, d+"/unbound.conf", conf+stubs+"remote-control:\n\tcontrol-enable: no\n")
	serve(t, port, unbound, "-d", "-c", d+"/unbound.conf")
}
