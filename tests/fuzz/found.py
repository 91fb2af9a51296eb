"""Inputs that made a target fail once, by target and by what was wrong. Each is run with every test of the targets."""

from __future__ import annotations

from base64 import b85decode

FOUND: dict[str, dict[str, bytes]] = {
    "compressed": {
        "a record that cannot be, and a stream that ends early": b85decode(
            "ABzY8000000t3aAZAepL6vywqGrKN=u#Dw0B{88C-PD=b%Q8bL%sC}xelQAO$`ng;x{~}5X?>7{Nb7@8K_-T1LWa_-nNBO65Df{e"
            "g-}Fhh!D=A=REg5)7@R4f<iAGxp3!?|Nor-IXCX@NMSg}iy@Ej#uh3zY~6D1$0zij0A<Wz*f<6H%f+!gvyWk-GiLRS-rM#_iGGc0"
            "70)VG=S&ChjAx7y)oa+97%Td~^2(07wxJ?EAsC3d;o|oTh+G^ea0OywIS?ItfQE`wjPq<zf7sh9A4?q&%asB##IJR%$dsLiiMFsv"
            "8I7DkY?uUMofT-J#&Mt_svQ$o2*e`OsW%~hS4@bwEi|+B4x)8Kd1$<wXa?ek0f|OC)~I4<uHPpb+a3e8nqkUp6+XjacR7Z=a7*km"
            "E7nHw+sdOSj^!4YX&A~w{wL;(N>P}XqAHyqoQs1W?8LOrPU+1z+?xT<-h>;VH(7g0Z%%iE8%*p_UPiR5P#(nEhAB)el_jFyTr#_e"
            "Pk@MeV-S18{=st$yihy`h$Z;$^i@$(R)JHt+kJxJ2Bg#hzB50%CfEl`fv8hC?QWT17iOX<6^J$8MIzb*o`o%dZ2;en7ST7Kqk(O}"
            "nOHx&|9@w~hWe9l?ebR4fAg1SLZ?2TOxbBC-sy)jJKYSuS(`+5y0ahLV4}XaL?#mgu{L846ANUCs5c{rT*N^j;!Fs=`KwG&JiBE="
            "moV1omWhQEjBYZ3%Gv_S1e=l4dhqT0)iuFrP>P6}(8=m4O3Es6%63UomP%5lKS@&dV!N0!O>9|DGDTw=)|fBRc$;W+9w!>hyNJeE"
            "^UD&-w148+^hjn?Pp0iGAhQ`d2+k2vyIFtj0p&Vc@OA8y-7Pe2%N%iSeG0B&6GoTjItEBKK^xI-<0($gU?<NPb)qIt25&C6lgQ5#"
            "6_o2_#Mfz3HrvQaOBTtEMGKS0PL}36sXd%bCyh{U$uFGOJkPwQ2ZEEvizKhFt>6Z3$>_h`61B`N(P}KlAj+Pm<2}uF?{|72QaS-!"
            "_0Heb?|4v(h*7NVFl}tk;w<(qmc>dP$>LDWGG{Srlh=WEijykr<k@0Q%-O`rt0Mpa00000000000000000000000000000000000"
            "00000000000000000000000000000000000000000L$s*H_f6wI2H>400"
        ),
    },
    "snoop": {
        "a datalink type of 32 bits": b85decode("b8c^MZ~y=R00002|Nj6400004000040000S00000000B%00000VPa!s"),
    },
    "tshark-line": {
        "no object": b"[]",
        "a number of no frame": b'{"n": 0, "protocols": [], "ip": [], "tcp": [], "arp": [], "rpc": []}',
        "no layers": b'{"n": 1}',
        "octets that are none": b'{"n": 1, "protocols": [], "ip": [], "arp": [], "rpc": [], "tcp": '
        b'[["10.0.0.1", 1, "10.0.0.2", 2, 1, 2, 24, 4, "0g", null, 64]]}',
        "an end without words": b'{"status": 1}',
        "no JSON": b"{",
    },
    "tshark-layers": {
        "octets that are none": b'{"ip": {"ip_ip_src": "10.0.0.1", "ip_ip_dst": "10.0.0.2", "ip_ip_ttl": "64"}, '
        b'"infiniband": {}, "infiniband_raw": "0x"}',
        "numbers that are none": b'{"ip": {"ip_ip_src": "10.0.0.1", "ip_ip_dst": "10.0.0.2", "ip_ip_ttl": "64"}, '
        b'"rpc_raw": "000000000000000000000000", "iwarp_mpa_raw": "000c000000000000000000000000", '
        b'"rpcordma": {"rpcordma_rpcordma_reads_count": "1", "rpcordma_rpcordma_position": ["x"]}}',
    },
}
