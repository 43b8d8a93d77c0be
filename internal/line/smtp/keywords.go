package smtp

import (
	"strings"

	"github.com/mailconn/mailconn/internal/wire"
)

// Keywords returns the extensions in the answer to EHLO, one a string, with
// the keyword in upper case and its parameters after it. The old form
// "AUTH=LOGIN PLAIN" counts as AUTH; mechanisms of several lines are joined.
func Keywords(r Reply) []string {
	_, rest, more := strings.Cut(r.Text, "\n") // after the name of the server
	if !more {
		return []string{}
	}
	list := make([]string, 0, strings.Count(rest, "\n")+1)
	auth := -1
	for line := range strings.SplitSeq(rest, "\n") {
		line = wire.Squeeze(line)
		keyword, params, _ := strings.Cut(line, " ")
		keyword = wire.Upper(keyword)
		if rest, old := strings.CutPrefix(keyword, "AUTH="); old {
			keyword, params = "AUTH", rest+" "+params
		}
		switch {
		case keyword == "":
		case keyword != "AUTH" && strings.HasPrefix(line, keyword): // as it should be
			list = append(list, line)
		case keyword != "AUTH":
			list = append(list, strings.TrimRight(keyword+" "+params, " "))
		case auth < 0:
			auth = len(list)
			list = append(list, addWords(keyword, wire.Upper(params)))
		default:
			list[auth] = addWords(list[auth], wire.Upper(params))
		}
	}
	return list
}

// EHLOReply returns a reply to EHLO with a list of extensions, as Keywords returns
// them.
func EHLOReply(list []string) []byte {
	reply, text := []byte(nil), "ready"
	for _, entry := range list {
		reply = append(reply, "250-"+text+"\r\n"...)
		text = entry
	}
	return append(reply, "250 "+text+"\r\n"...)
}

// addWords appends to list the words that it does not have yet.
func addWords(list, more string) string {
	b := make([]byte, 0, len(list)+1+len(more))
	b = append(b, list...)
	for w := range strings.FieldsFuncSeq(more, isBlank) {
		if !hasWord(string(b), w) {
			b = append(append(b, ' '), w...)
		}
	}
	return string(b)
}

func isBlank(r rune) bool { return r == ' ' || r == '\t' }

func hasWord(list, word string) bool {
	for w := range strings.FieldsFuncSeq(list, isBlank) {
		if w == word {
			return true
		}
	}
	return false
}
