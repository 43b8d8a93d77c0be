package discover

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

const (
	maxDepth   = 16 // of elements; the format needs five
	maxServers = 32
	maxUsers   = 8 // of a server; each may cost an attempt to log in
)

// clientConfig has those parts of an autoconfig document that are used
// (draft-ietf-mailmaint-autoconfig §4).
type clientConfig struct {
	XMLName  xml.Name `xml:"clientConfig"`
	Provider []struct {
		Incoming []configServer `xml:"incomingServer"`
		Outgoing []configServer `xml:"outgoingServer"`
	} `xml:"emailProvider"`
	Issuer []string `xml:"oAuth2>issuer"`
}

type configServer struct {
	Type     string   `xml:"type,attr"`
	Hostname string   `xml:"hostname"`
	Port     string   `xml:"port"`
	Socket   string   `xml:"socketType"`
	User     []string `xml:"username"`
	Auth     []string `xml:"authentication"`
}

// configFinds reads an autoconfig document.
func (f *finder) configFinds(r *report, body []byte, proof Proof) {
	var c clientConfig
	err := checkXML(body)
	if err == nil {
		err = xml.Unmarshal(body, &c)
	}
	if err != nil {
		r.fail(fmt.Errorf("%w: %w", ErrDocument, err))
		return
	}
	like, servers := find{proof: proof}, []configServer(nil)
	for _, p := range c.Provider {
		servers = append(append(servers, p.Incoming...), p.Outgoing...)
	}
	if len(c.Issuer) > 0 {
		like.issuer = r.issuer(c.Issuer[0])
	}
	if len(servers) > maxServers {
		r.fail(fmt.Errorf("%w: %d servers, of which %d are used", ErrDocument, len(servers), maxServers))
		servers = servers[:maxServers]
	}
	for _, s := range servers {
		f.configServer(r, like, s)
	}
}

// checkXML refuses what no configuration needs and attackers of XML parsers use: document
// types, which declare entities, and deep nesting. Package xml refuses encodings other
// than UTF-8.
func checkXML(body []byte) error {
	d := xml.NewDecoder(bytes.NewReader(body))
	for depth := 0; ; {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t.(type) {
		case xml.Directive:
			return errors.New("a document type is not allowed")
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return fmt.Errorf("elements are nested more than %d deep", maxDepth)
			}
		case xml.EndElement:
			depth--
		}
	}
}

// configServer adds a server of a document. A server of an unknown protocol is left out
// without an error, since the format may get new ones.
func (f *finder) configServer(r *report, like find, s configServer) {
	p, ok := map[string]policy.Protocol{"imap": policy.IMAP, "pop3": policy.POP3, "smtp": policy.Submission}[strings.ToLower(s.Type)]
	if !ok {
		return
	}
	e, err := s.endpoint()
	if err == nil {
		like.auth, err = methods(s.Auth)
	}
	if err != nil {
		r.fail(fmt.Errorf("%w: %v server: %w", ErrDocument, p, err))
		return
	}
	e.Protocol, e.Host = p, f.fill(s.Hostname)
	if !slices.Contains(like.auth, MethodOAuth) {
		like.issuer = ""
	}
	for _, u := range s.User {
		if u = f.fill(u); len(like.users) < maxUsers && u != "" && u == wire.Printable(u) && !slices.Contains(like.users, u) {
			like.users = append(like.users, u)
		}
	}
	r.add(like, e)
}

// endpoint returns the port of a server and how it is protected.
func (s configServer) endpoint() (e dial.Endpoint, err error) {
	switch socket := strings.TrimSpace(s.Socket); strings.ToUpper(socket) {
	case "SSL", "TLS":
		e.Policy = policy.ImplicitTLS
	case "STARTTLS":
		e.Policy = policy.RequiredSTARTTLS
	case "PLAIN":
		e.Policy = policy.NoTLS
	default:
		return e, fmt.Errorf("socketType %.64q", socket)
	}
	port, err := strconv.ParseUint(strings.TrimSpace(s.Port), 10, 16)
	if err != nil || port == 0 {
		return e, fmt.Errorf("port %.64q", s.Port)
	}
	e.Port = uint16(port)
	return e, nil
}

// fill replaces the placeholders in a user's or a host's name. It does not look for
// placeholders in what it has inserted.
func (f *finder) fill(s string) string {
	return strings.NewReplacer(
		"%EMAILADDRESS%", f.String(),
		"%EMAILLOCALPART%", f.local,
		"%EMAILDOMAIN%", f.domain,
	).Replace(strings.TrimSpace(s))
}

// methods maps the words of the format, and names of SASL mechanisms, to methods.
// Unknown words are skipped; it is an error if there are words, and none is known.
func methods(words []string) (all []Method, err error) {
	for _, w := range words {
		var m Method
		switch w = strings.ToLower(strings.TrimSpace(w)); {
		case w == "password-cleartext", w == "plain", w == "login":
			m = MethodPassword
		case w == "password-encrypted", w == "secure", w == "cram-md5", strings.HasPrefix(w, "scram-"):
			m = MethodEncrypted
		case w == "oauth2", w == "oauth", w == "oauthbearer", w == "xoauth2":
			m = MethodOAuth
		case w == "tls-client-cert", w == "external":
			m = MethodCertificate
		case w == "gssapi":
			m = MethodGSSAPI
		case w == "client-ip-address", w == "none":
			m = MethodNone
		default:
			continue
		}
		if !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	if words != nil && all == nil {
		return nil, errors.New("none of its ways to log in is known")
	}
	return all, nil
}
