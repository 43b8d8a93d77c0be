package dns

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strings"
)

const (
	confPath    = "/etc/resolv.conf"
	maxConf     = 64 << 10 // bytes that are read of it
	confServers = 3        // servers that are used, as in the C library
)

// server is a recursive name server.
type server struct {
	addr    netip.AddrPort
	trusted bool // its AD bit is believed
}

// servers returns whom to ask.
func (r *Resolver) servers() ([]server, error) {
	addrs, trustAD, named := r.Servers, r.TrustAD, r.Servers != nil
	if !named {
		conf, err := openConf(r.conf)
		if err != nil {
			return nil, err
		}
		addrs, trustAD = conf.servers, trustAD || conf.trustAD
	}
	var all []server
	for _, a := range addrs {
		if !a.IsValid() || a.Port() == 0 {
			return nil, errors.New("a name server has no address, or no port")
		}
		all = append(all, server{a, trustAD || named && a.Addr().Unmap().IsLoopback()})
	}
	if all == nil {
		return nil, errors.New("no name server is configured")
	}
	if slices.ContainsFunc(all, func(s server) bool { return s.trusted }) {
		all = slices.DeleteFunc(all, func(s server) bool { return !s.trusted })
	}
	return all, nil
}

// conf is what counts of resolv.conf.
type conf struct {
	servers []netip.AddrPort
	trustAD bool
}

// openConf reads the file at path, or at its usual place if path is empty.
func openConf(path string) (conf, error) {
	if path == "" {
		path = confPath
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return conf{}, fmt.Errorf("this system has no %s, so that Servers must be set: %w", path, err)
	}
	if err != nil {
		return conf{}, err
	}
	defer f.Close()
	c, err := readConf(f)
	if err != nil {
		return conf{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// readConf reads the servers and the trust-ad option, as resolv.conf(5) has
// them. A file without servers means the one on this host.
func readConf(r io.Reader) (c conf, err error) {
	lines := bufio.NewScanner(io.LimitReader(r, maxConf))
	lines.Buffer(nil, maxConf+1)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) < 2 {
			continue
		}
		switch words[0] {
		case "nameserver":
			if a, err := netip.ParseAddr(words[1]); err == nil && len(c.servers) < confServers {
				c.servers = append(c.servers, netip.AddrPortFrom(a, 53))
			}
		case "options":
			for _, w := range words[1:] {
				c.trustAD = c.trustAD || w == "trust-ad"
			}
		}
	}
	if c.servers == nil {
		c.servers = []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 53)}
	}
	return c, lines.Err()
}
