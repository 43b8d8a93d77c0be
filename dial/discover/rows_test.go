package discover_test

import (
	"fmt"
	"testing"
)

// rows are the scenarios that discovery is held to, by number.
func rows() map[int]func(*testing.T) {
	return map[int]func(*testing.T){
		1: one(rowSRVInside), 2: one(rowSRVOutside), 3: one(rowSRVSigned), 4: one(rowSTARTTLSOnly), 5: one(rowSubmissionsFirst), 6: one(rowDeclaredAbsent),
		7: one(rowPOP3First), 8: one(rowSRVFails), 9: one(rowOddRecords),
		10: one(rowPACC), 11: rowPACCDigests, 12: one(rowPACCPorts),
		13: one(rowPlaceholders), 14: one(rowHTTPOnly), 15: rowRedirects, 16: one(rowWrongCertificate), 17: one(rowPlain), 18: rowMethods, 19: rowBadXML,
		20: rowISPDB, 21: one(rowMXInTable), 22: rowNothingUnderMX, 23: one(rowWildcard),
		24: one(rowAddresses), 25: one(rowSlow), 26: one(rowNothing), 27: one(rowContextEnds), 28: rowPermit, 29: one(rowMerge), 30: one(rowUsers),
	}
}

const numRows = 30

func TestRows(t *testing.T) {
	all := rows()
	if len(all) != numRows {
		t.Errorf("%d rows of %d", len(all), numRows)
	}
	for i := 1; i <= numRows; i++ {
		f, ok := all[i]
		if !ok {
			t.Errorf("row %d is missing", i)
			continue
		}
		t.Run(fmt.Sprint(i), f)
	}
}

// one is a row that needs one world.
func one(f func(*testing.T, *world)) func(*testing.T) {
	return func(t *testing.T) { in(t, f) }
}
