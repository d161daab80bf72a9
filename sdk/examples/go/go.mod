module parlor

go 1.21
