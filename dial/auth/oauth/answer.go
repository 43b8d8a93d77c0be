package oauth

import (
	"encoding/json"
	"fmt"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
)

// answered is the error of an answer that is not a good one.
func (x *exchange) answered(place string, response *http.Response, kind Kind, err error) *Error {
	e := x.broken(place, err)
	e.Kind, e.Status = kind, response.StatusCode
	if kind == KindTemporary {
		e.RetryAfter = retryAfter(response.Header.Get("Retry-After"))
	}
	return e
}

// judge returns the error of an answer, nil for a good one. Some issuers report
// errors with status 200.
func (x *exchange) judge(place string, response *http.Response, body []byte) error {
	var said struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	status := response.StatusCode
	isJSON := media == "application/json" || strings.HasSuffix(media, "+json")
	if isJSON || status >= 400 { // a refusal counts, however it is labelled
		isJSON = json.Unmarshal(body, &said) == nil
	}
	switch {
	case status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout:
		return x.said(x.answered(place, response, KindTemporary, nil), said.Code, said.Description)
	case status >= 300 && status < 400:
		return x.answered(place, response, KindIssuer, fmt.Errorf("answer leads elsewhere (HTTP status %d), and is not followed", status))
	case said.Code != "":
		return x.said(x.answered(place, response, kindOf(said.Code), nil), said.Code, said.Description)
	case status != http.StatusOK:
		return x.answered(place, response, KindIssuer, nil)
	case !isJSON:
		return x.answered(place, response, KindIssuer, fmt.Errorf("answer is not JSON (%q)", wire.Printable(media)))
	}
	return nil
}

// kinds are those of the codes of RFC 6749 §4.1.2.1 and §5.2, RFC 8628 §3.5 and OpenID
// Connect Core §3.1.2.6, and of one that a large provider has for a person who refused on a
// device.
var kinds = map[string]Kind{
	"temporarily_unavailable":    KindTemporary,
	"server_error":               KindTemporary,
	"slow_down":                  KindTemporary,
	"authorization_pending":      KindTemporary,
	"invalid_grant":              KindGrant,
	"interaction_required":       KindGrant,
	"login_required":             KindGrant,
	"consent_required":           KindGrant,
	"account_selection_required": KindGrant,
	"access_denied":              KindDenied,
	"authorization_declined":     KindDenied,
	"expired_token":              KindExpired,
}

// kindOf returns the kind of an issuer's code. The codes that are not listed are about
// the request, and so about the program.
func kindOf(code string) Kind {
	if kind, known := kinds[code]; known {
		return kind
	}
	return KindConfiguration
}

// plainSeconds returns an answer in which times are whole numbers, as x/oauth2 wants them,
// and those that say nothing are left out. For an odd one it would refuse the answer, with
// the only refresh token in it that the issuer accepts from then on.
func plainSeconds(body []byte) []byte {
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) != nil {
		return body
	}
	odd := false
	for _, name := range []string{"expires_in", "interval"} {
		given, has := object[name]
		if _, err := strconv.ParseInt(string(given), 10, 64); !has || err == nil {
			continue
		}
		odd = true
		delete(object, name)
		if seconds, err := strconv.ParseFloat(strings.Trim(string(given), `" `), 64); err == nil && seconds >= 0 {
			object[name] = strconv.AppendInt(nil, int64(min(seconds, math.MaxInt32)), 10)
		}
	}
	if plain, err := json.Marshal(object); odd && err == nil {
		return plain
	}
	return body
}

// said adds the issuer's code and words to an error, without secrets.
func (x *exchange) said(e *Error, code, description string) *Error {
	e.Code, e.Description = wire.Printable(x.hide(code)), wire.Printable(x.hide(description))
	return e
}

// hide takes the secrets out of a text of the issuer's. A short one would show by the
// gap, so that nothing is left of a text that has it.
func (x *exchange) hide(text string) string {
	for _, secret := range x.secrets {
		for _, form := range []string{secret, url.QueryEscape(secret)} {
			switch {
			case form == "" || !strings.Contains(text, form):
			case len(form) < 16:
				return ""
			default:
				text = strings.ReplaceAll(text, form, "[secret]")
			}
		}
	}
	return text
}

// maxRetryAfter is the longest wait that an issuer is believed.
const maxRetryAfter = time.Hour

// retryAfter reads the header of that name (RFC 9110 §10.2.3).
func retryAfter(header string) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil {
		return time.Duration(min(max(seconds, 0), int(maxRetryAfter/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return min(max(time.Until(at).Round(time.Second), 0), maxRetryAfter)
	}
	return 0
}

// broken is the error of an issuer that does what none should.
func (x *exchange) broken(place string, err error) *Error {
	place, _, _ = strings.Cut(place, "?")
	return &Error{Kind: KindIssuer, Issuer: x.issuer, Endpoint: wire.Printable(place), Err: err}
}
