package imapd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// set is a set of numbers, as ranges. The nil set has all numbers.
type set [][2]uint32

// set takes a set of message numbers or UIDs; last is what "*" stands for.
func (c *command) set(last uint32) set {
	var all set
	for part := range strings.SplitSeq(c.word(" ()"), ",") {
		from, to, ranged := strings.Cut(part, ":")
		if !ranged {
			to = from
		}
		a, b := c.setNumber(from, last), c.setNumber(to, last)
		all = append(all, [2]uint32{min(a, b), max(a, b)})
	}
	return all
}

func (c *command) setNumber(text string, last uint32) uint32 {
	if text == "*" {
		return last
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n == 0 {
		c.fail()
	}
	return uint32(n)
}

func (s set) has(n uint32) bool {
	return s == nil || slices.ContainsFunc(s, func(r [2]uint32) bool { return r[0] <= n && n <= r[1] })
}

// setOf returns numbers as a set's text. They are in order.
func setOf(numbers []uint32) string {
	var parts []string
	for i := 0; i < len(numbers); {
		j := i
		for j+1 < len(numbers) && numbers[j+1] == numbers[j]+1 {
			j++
		}
		part := fmt.Sprint(numbers[i])
		if j > i {
			part += fmt.Sprintf(":%d", numbers[j])
		}
		parts = append(parts, part)
		i = j + 1
	}
	return strings.Join(parts, ",")
}
