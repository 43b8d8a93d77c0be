package smtpd

import (
	"strconv"
	"strings"
)

// data is DATA, up to the reply to the content.
func (s *Session) data(line string) error {
	begun := false
	err := s.Command(line, s.reply, func() error {
		switch {
		case s.Ahead():
			s.say(tooSoon)
		case len(s.Message.To) == 0 || len(s.Message.Data) > 0 || s.broken:
			s.say("503 5.5.1 not now")
		case s.binary():
			s.say("503 5.5.1 BINARYMIME wants BDAT")
		default:
			begun = true
			s.say("354 go on")
		}
		return nil
	})
	if err != nil || !begun {
		return err
	}
	for {
		line, err := s.RawLine()
		if err != nil {
			return err
		}
		if line == ".\r\n" {
			return s.end(".")
		}
		s.Message.Data = append(s.Message.Data, strings.TrimPrefix(line, ".")...)
	}
}

// binary reports whether the message was announced with BODY=BINARYMIME, which
// DATA cannot carry (RFC 3030 §3).
func (s *Session) binary() bool {
	return hasParam(s.Message.MailParams, "BODY=BINARYMIME")
}

// bdat is BDAT (RFC 3030 §2). Its chunk is read whatever becomes of it.
func (s *Session) bdat(line, args string) error {
	fields := strings.Fields(args)
	if len(fields) == 0 || len(fields) > 2 || len(fields) == 2 && !strings.EqualFold(fields[1], "LAST") {
		s.say("501 5.5.4 not a chunk")
		return nil
	}
	n, err := strconv.ParseUint(fields[0], 10, 31)
	if err != nil {
		s.say("501 5.5.4 not a size")
		return nil
	}
	chunk := make([]byte, n)
	if err := s.ReadFull(chunk); err != nil {
		return err
	}
	if len(s.Message.To) == 0 || s.broken {
		s.broken = true
		s.say("503 5.5.1 not now")
		return nil
	}
	s.Message.Data = append(s.Message.Data, chunk...)
	if len(fields) == 2 {
		return s.end(line)
	}
	s.broken = true // unless it is taken
	return s.Command(line, s.reply, func() error {
		s.broken = false
		s.say("250 2.0.0 chunk accepted")
		return nil
	})
}

// end is the end of the content, which command stands for.
func (s *Session) end(command string) error {
	taken := false
	err := s.Command(command, func(reply string) {
		taken = taken || strings.HasPrefix(reply, "2")
		s.reply(reply)
	}, func() error {
		if taken = s.MaxSize <= 0 || int64(len(s.Message.Data)) <= s.MaxSize; taken {
			s.say("250 2.0.0 message accepted")
		} else {
			s.say(tooLarge)
		}
		return nil
	})
	if taken { // before the reply goes out
		s.Took(s.Message)
	}
	s.reset()
	return err
}
