//! The names of Winsock's errors. The system's own words for them lack the name, and so do most
//! search results for the words. See Microsoft's page "Windows Sockets Error Codes".

use windows_sys::Win32::Networking::WinSock;

macro_rules! names {
    ($($name:ident)*) => {
        /// The name of an error of Winsock.
        pub(crate) fn error_name(code: i32) -> Option<&'static str> {
            match code {
                $(WinSock::$name => Some(stringify!($name)),)*
                _ => None,
            }
        }
    };
}

// Those that a call on a stream socket can give.
names! {
    WSAEINTR WSAEBADF WSAEACCES WSAEFAULT WSAEINVAL WSAEMFILE WSAEWOULDBLOCK WSAEINPROGRESS
    WSAEALREADY WSAENOTSOCK WSAEDESTADDRREQ WSAEMSGSIZE WSAEPROTOTYPE WSAENOPROTOOPT
    WSAEPROTONOSUPPORT WSAESOCKTNOSUPPORT WSAEOPNOTSUPP WSAEPFNOSUPPORT WSAEAFNOSUPPORT
    WSAEADDRINUSE WSAEADDRNOTAVAIL WSAENETDOWN WSAENETUNREACH WSAENETRESET WSAECONNABORTED
    WSAECONNRESET WSAENOBUFS WSAEISCONN WSAENOTCONN WSAESHUTDOWN WSAETIMEDOUT WSAECONNREFUSED
    WSAEHOSTDOWN WSAEHOSTUNREACH WSAEPROCLIM WSASYSNOTREADY WSAVERNOTSUPPORTED WSANOTINITIALISED
    WSAEDISCON WSAECANCELLED WSAEINVALIDPROVIDER WSAEPROVIDERFAILEDINIT WSASYSCALLFAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_winsock_have_their_names_and_others_none() {
        assert_eq!(error_name(10022), Some("WSAEINVAL"));
        assert_eq!(error_name(10042), Some("WSAENOPROTOOPT"));
        assert_eq!(error_name(10060), Some("WSAETIMEDOUT"));
        assert_eq!((error_name(0), error_name(5), error_name(-1)), (None, None, None));
    }
}
