package servers

import (
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
)

// giveTo makes name the owner of the server's directory and all in it.
func (s *Server) giveTo(name string) {
	s.lab.t.Helper()
	if os.Geteuid() != 0 {
		return // all is ours, and so is the server
	}
	u, err := user.Lookup(name)
	check(s.lab.t, err)
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	check(s.lab.t, filepath.WalkDir(s.dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, uid, gid)
	}))
}

func split(addr string) (host, port string) {
	host, port, _ = net.SplitHostPort(addr)
	return host, port
}

func chown(l *Lab, path string, uid int) {
	l.t.Helper()
	check(l.t, os.Chown(path, uid, uid))
}
