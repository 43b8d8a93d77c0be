package fakenet

import (
	"encoding/hex"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

type record struct {
	name string
	kind dnsmessage.Type
	body dnsmessage.ResourceBody
}

// types are the record types that can be written down.
func types() map[string]dnsmessage.Type {
	return map[string]dnsmessage.Type{
		"A": dnsmessage.TypeA, "AAAA": dnsmessage.TypeAAAA, "MX": dnsmessage.TypeMX, "SRV": dnsmessage.TypeSRV,
		"TXT": dnsmessage.TypeTXT, "CNAME": dnsmessage.TypeCNAME, "TLSA": typeTLSA,
	}
}

const typeTLSA dnsmessage.Type = 52

func typeName(t dnsmessage.Type) string {
	if t == typeTLSA {
		return "TLSA"
	}
	return strings.TrimPrefix(t.String(), "Type")
}

// parse reads a record.
func parse(line string) record {
	fields := strings.Fields(line)
	if len(fields) < 3 || types()[fields[1]] == 0 {
		panic("fakenet: record " + line + " is not one of " + strings.Join(slices.Sorted(maps.Keys(types())), " "))
	}
	r := record{name: strings.ToLower(strings.TrimSuffix(fields[0], ".")), kind: types()[fields[1]]}
	switch data := fields[2:]; fields[1] {
	case "A":
		r.body = &dnsmessage.AResource{A: netip.MustParseAddr(data[0]).As4()}
	case "AAAA":
		r.body = &dnsmessage.AAAAResource{AAAA: netip.MustParseAddr(data[0]).As16()}
	case "CNAME":
		r.body = &dnsmessage.CNAMEResource{CNAME: absolute(data[0])}
	case "MX":
		r.body = &dnsmessage.MXResource{Pref: number(data[0]), MX: absolute(data[1])}
	case "SRV":
		r.body = &dnsmessage.SRVResource{Priority: number(data[0]), Weight: number(data[1]), Port: number(data[2]), Target: absolute(data[3])}
	case "TLSA":
		association, err := hex.DecodeString(data[3])
		if err != nil {
			panic("fakenet: record " + line)
		}
		r.body = &dnsmessage.UnknownResource{Type: typeTLSA, Data: append([]byte{byte(number(data[0])), byte(number(data[1])), byte(number(data[2]))}, association...)}
	case "TXT":
		_, quoted, _ := strings.Cut(line, `"`)
		r.body = &dnsmessage.TXTResource{TXT: strings.Split(strings.TrimSuffix(quoted, `"`), `" "`)}
	}
	return r
}

func number(s string) uint16 {
	var n uint16
	if _, err := fmt.Sscan(s, &n); err != nil {
		panic("fakenet: number " + s)
	}
	return n
}

func absolute(name string) dnsmessage.Name {
	return dnsmessage.MustNewName(strings.TrimSuffix(name, ".") + ".")
}

func trim(n dnsmessage.Name) string { return strings.ToLower(strings.TrimSuffix(n.String(), ".")) }

// within reports whether name is zone or below it.
func within(name, zone string) bool { return name == zone || strings.HasSuffix(name, "."+zone) }
