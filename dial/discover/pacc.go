package discover

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/policy"
)

// ErrDigest is in the chain of an error about a PACC document whose digest is not in
// the domain's DNS, and about a digest without a document.
var ErrDigest = errors.New("digest does not match")

// pacc fetches the document and the digests side by side. It uses neither without the
// other.
func (f *finder) pacc(ctx context.Context, r *report) {
	var doc *document
	var digests *dns.Answer
	var errDoc, errDNS error
	var asking sync.WaitGroup
	asking.Go(func() {
		doc, errDoc = f.get(ctx, "https://ua-auto-config."+f.domain+"/.well-known/user-agent-configuration.json")
	})
	asking.Go(func() { digests, errDNS = f.Resolver.Ask(ctx, "_ua-auto-config."+f.domain, dnsmessage.TypeTXT) })
	asking.Wait()
	absent := errors.Is(errDoc, errNothing)
	if errDoc != nil && !absent {
		r.fail(errDoc)
	}
	if errDNS != nil {
		r.fail(errDNS)
	}
	if r.failed != nil {
		return
	}
	known := sums(digests)
	switch {
	case absent && known == nil:
	case absent:
		r.fail(fmt.Errorf("%w: there is a digest, and no document", ErrDigest))
	case !slices.ContainsFunc(known, doc.hasSum):
		r.fail(fmt.Errorf("%w: %d digests are known, none of them this document's", ErrDigest, len(known)))
	default:
		v := Digest
		if digests.Secure {
			v = SignedDigest
		}
		r.paccFinds(doc.body, Proof{PACC, v, f.domain})
	}
}

func (d *document) hasSum(sum []byte) bool {
	is := sha256.Sum256(d.body)
	return bytes.Equal(is[:], sum)
}

// sums returns the SHA-256 digests in the TXT records. There are two while a document is
// being replaced. Records of other versions and algorithms are left out.
func sums(a *dns.Answer) (all [][]byte) {
	for _, rec := range a.Records {
		txt, ok := rec.Body.(*dnsmessage.TXTResource)
		if !ok {
			continue
		}
		tags := map[string]string{}
		for tag := range strings.SplitSeq(strings.Join(txt.TXT, ""), ";") {
			name, value, _ := strings.Cut(tag, "=")
			tags[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
		sum, err := base64.StdEncoding.DecodeString(tags["d"])
		if tags["v"] == "UAAC1" && strings.EqualFold(tags["a"], "sha256") && err == nil && len(sum) == sha256.Size {
			all = append(all, sum)
		}
	}
	return all
}

// paccServer is a server in a PACC document. Its port is always the registered one for
// implicit TLS.
type paccServer struct {
	Host string `json:"host"`
}

// paccDocument has those parts of a PACC document that are used. The member for
// submission is "smtp" in revision 02 of the draft and "submit" in later ones.
type paccDocument struct {
	Protocols struct {
		IMAP   *paccServer `json:"imap"`
		POP3   *paccServer `json:"pop3"`
		Submit *paccServer `json:"submit"`
		SMTP   *paccServer `json:"smtp"`
	} `json:"protocols"`
	Authentication struct {
		OAuth struct {
			Issuer string `json:"issuer"`
		} `json:"oauth-public"`
		Password bool `json:"password"`
	} `json:"authentication"`
}

// paccFinds reads a document.
func (r *report) paccFinds(body []byte, proof Proof) {
	var d paccDocument
	if err := json.Unmarshal(body, &d); err != nil {
		r.fail(fmt.Errorf("%w: %w", ErrDocument, err))
		return
	}
	like := find{proof: proof}
	if like.issuer = r.issuer(d.Authentication.OAuth.Issuer); like.issuer != "" {
		like.auth = append(like.auth, MethodOAuth)
	}
	if d.Authentication.Password {
		like.auth = append(like.auth, MethodPassword)
	}
	for _, s := range []struct {
		protocol policy.Protocol
		server   *paccServer
	}{
		{policy.IMAP, d.Protocols.IMAP}, {policy.POP3, d.Protocols.POP3},
		{policy.Submission, d.Protocols.Submit}, {policy.Submission, d.Protocols.SMTP},
	} {
		if s.server != nil {
			r.add(like, dial.Endpoint{Protocol: s.protocol, Host: s.server.Host, Policy: policy.ImplicitTLS})
		}
	}
}
