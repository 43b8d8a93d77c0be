package servers

import (
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/mailconn/mailconn/internal/test/supervise"
	"github.com/mailconn/mailconn/policy"
)

// MaxMessage is the longest message that a server takes.
const MaxMessage = 64 << 10

// Recipients at example.test that the servers of SMTP do not take. Others have
// mailboxes in Dovecot if they are users there, and mail for all else is thrown
// away.
const (
	Grey = "grey@example.test" // 450: try again later
	Gone = "gone@example.test" // 550: no such user
	Over = "over@example.test" // 552: the mailbox is full
)

// smtpd is one of Postfix's services: a port, and how it differs.
type smtpd struct {
	Port    int
	Options []string
}

// Postfix starts one Postfix with a relay that offers TLS, a relay with TLS
// from the first byte, a submission port that demands TLS and a login, and one
// with TLS from the first byte. It has passwords checked by Dovecot and mail
// for users delivered there.
func (l *Lab) Postfix(d *Dovecot) *Server {
	l.t.Helper()
	const daemons = "/usr/lib/postfix/sbin" // Debian's; asking postconf takes seconds
	master := l.need(daemons + "/master")
	l.needRoot("postfix")
	return l.run("postfix", func(s *Server) supervise.Command {
		data := map[string]any{
			"Dir": s.dir, "Certs": filepath.Join(l.dir, "certs"), "Daemons": daemons,
			"Auth": d.AuthSocket(), "Delivery": d.DeliverySocket(), "Max": MaxMessage,
			"Grey": Grey, "Gone": Gone, "Over": Over, "Services": s.smtpds(),
		}
		s.queue()
		main := s.write("postfix/main.cf", data)
		// Postfix waits for seconds if it may still be written.
		check(l.t, os.Chtimes(main, time.Time{}, time.Unix(0, 0)))
		s.write("postfix/master.cf", data)
		return supervise.Command{Argv: []string{master, "-c", filepath.Dir(main), "-d"}}
	})
}

func (s *Server) smtpds() (all []smtpd) {
	for _, v := range Variants {
		all = append(all, smtpd{s.listen(Place{policy.SMTP, false, v}), tlsOptions(v, "may")})
		submission := append(tlsOptions(v, "encrypt"), "smtpd_relay_restrictions=$users_only")
		all = append(all, smtpd{s.listen(Place{policy.Submission, false, v}), submission})
		if v == NoTLS {
			continue
		}
		const wrapped = "smtpd_tls_wrappermode=yes"
		all = append(all, smtpd{s.listen(Place{policy.SMTP, true, v}), append(tlsOptions(v, "encrypt"), wrapped)})
		all = append(all, smtpd{s.listen(Place{policy.Submission, true, v}), append(submission, wrapped)})
	}
	for v, limit := range map[Variant]string{
		OneAtOnce:      "smtpd_client_connection_count_limit=1",
		TwoAtOnce:      "smtpd_client_connection_count_limit=2",
		ThreeAtOnce:    "smtpd_client_connection_count_limit=3",
		FiveEachMinute: "smtpd_client_connection_rate_limit=5",
	} {
		options := append(tlsOptions(Good, "may"), limit, "smtpd_client_event_limit_exceptions=")
		all = append(all, smtpd{s.listen(Place{policy.SMTP, false, v}), options})
	}
	return all
}

// tlsOptions are those of a variant, the level being what it is for a good one.
func tlsOptions(v Variant, level string) []string {
	const old = "TLSv1,TLSv1.1"
	options := []string{"smtpd_tls_chain_files=$certs/" + string(v) + ".both"}
	switch v {
	case NoTLS:
		return []string{"smtpd_tls_security_level=none"}
	case OldTLS:
		options = append(options, "smtpd_tls_protocols="+old, "smtpd_tls_mandatory_protocols="+old,
			"smtpd_tls_ciphers=medium", "smtpd_tls_mandatory_ciphers=medium", "tls_medium_cipherlist=ALL:@SECLEVEL=0")
	case TLS12:
		options = append(options, "smtpd_tls_protocols=TLSv1.2", "smtpd_tls_mandatory_protocols=TLSv1.2")
	case ClientCert:
		// Under "may" Postfix takes the demand for a wish.
		level = "encrypt"
		options = append(options, "smtpd_tls_ask_ccert=yes", "smtpd_tls_req_ccert=yes")
	case TwoAtOnce:
		options[0] = "smtpd_tls_chain_files=$certs/good.both"
	}
	return append(options, "smtpd_tls_security_level="+level)
}

// queue makes the directories that Postfix's own start script would make.
func (s *Server) queue() {
	s.lab.t.Helper()
	owner, err := user.Lookup("postfix")
	check(s.lab.t, err)
	drop, err := user.LookupGroup("postdrop")
	check(s.lab.t, err)
	uid, _ := strconv.Atoi(owner.Uid)
	gid, _ := strconv.Atoi(drop.Gid)
	s.lab.mkdir(s.Name, "queue", "pid")
	for _, name := range strings.Fields("active bounce corrupt defer deferred flush hold incoming private saved trace") {
		dir := s.lab.mkdir(s.Name, "queue", name)
		check(s.lab.t, os.Chmod(dir, 0o700))
		check(s.lab.t, os.Chown(dir, uid, -1))
	}
	for name, mode := range map[string]os.FileMode{"maildrop": 0o730 | os.ModeSticky, "public": 0o710 | os.ModeSetgid} {
		dir := s.lab.mkdir(s.Name, "queue", name)
		check(s.lab.t, os.Chown(dir, uid, gid))
		check(s.lab.t, os.Chmod(dir, mode))
	}
	check(s.lab.t, os.Chown(s.lab.mkdir(s.Name, "data"), uid, -1))
}
