"""Numbers by type: lines in which each value stands between ⟦ and ⟧, and lines in which that type must not be found.

All values are invented or published test numbers. A line break inside a value's line is written `\\n`.
"""

from __future__ import annotations

FOUND = {
    "US_BANK_NUMBER": r"""
        Account number: ⟦1234567890⟧
        Acct. #⟦12345678⟧ was closed
        acct no. ⟦12-345678-9⟧ / a/c ⟦87654321⟧
        {"name":"Ana","account_no":"⟦12345678⟧"}
        accountNumber=⟦0012345678⟧;
        <AccountNumber>⟦12345678⟧</AccountNumber>
        | Account No. | ⟦12345678⟧ |
        Checking account\n⟦000123456789⟧
        Account number of Ms Maria Lopez: ⟦12345678⟧
        Kontonummer ⟦0532 0130 00⟧; Konto-Nr.: ⟦532013000⟧
        numéro de compte ⟦12345678901⟧, n° de compte : ⟦00012345678⟧
        número de cuenta ⟦1234567890⟧; numero di conto ⟦000012345678⟧
        Account numbers ⟦12345678⟧, ⟦23456789⟧ and ⟦34567890⟧
        statement_acct_⟦12345678⟧.pdf
        https://bank.example/account/⟦12345678⟧
        Account No. ⟦GB 12345678⟧
    """,
    "ABA_ROUTING_NUMBER": r"""
        Routing number ⟦021000021⟧
        ABA: ⟦011401533⟧
        routing/transit no. ⟦0210-0002-1⟧
        Bank routing # ⟦121000358⟧, account 12345678
        RTN ⟦091000019⟧
        Wire: ⟦026009593⟧ / ACH: ⟦021000322⟧, wire: 123456789
        ABA number is ⟦021000022⟧, with a typing error
    """,
    "BANK_CODE": r"""
        Sort code ⟦12-34-56⟧, account 12345678
        sort code: ⟦123456⟧
        Sort-Code ⟦12 34 56⟧
        Bankleitzahl ⟦370 400 44⟧
        BLZ: ⟦37040044⟧
        BSB number ⟦06-20-00⟧ is six digits
    """,
    "LEI": r"""
        LEI ⟦5493001KJTIIGC8Y1R12⟧
        counterparty ⟦529900T8BM49AURSDO55⟧ reports daily
        (⟦HWUPKR0MPOU8FGXBT394⟧)
        legal entity identifier: ⟦7LTWFZYICNSX8D621K86⟧
        LEI: ⟦5493001KJTIIGC8Y1R13⟧ has wrong check digits
        lei=⟦5493001KJTIIGC8Y1R12⟧&as-of=2024
    """,
    "SWIFT_CODE": r"""
        SWIFT: ⟦DEUTDEFF⟧
        BIC ⟦HSBCGB2L⟧; BIC/SWIFT ⟦BNPAFRPP⟧
        the correspondent's code ⟦CHASUS33⟧
        pay through ⟦DEUTDEFF500⟧ today
        IBAN DE89 3704 0044 0532 0130 00, ⟦COBADEFF⟧
        Bankverbindung: ⟦MARKDEF1100⟧
        Swift code ⟦NEDSZAJJXXX⟧
    """,
    "LOAN_NUMBER": r"""
        Loan number: ⟦1234567⟧
        Loan # ⟦LN-2023-00123⟧ was sold
        Mortgage account no. ⟦0045678901⟧
        loan_id=⟦99887766⟧
        Darlehensnummer ⟦4711-081500⟧; Darlehen Nr. ⟦471108150⟧
        numéro de prêt ⟦00123456⟧, número de préstamo ⟦7654321⟧
        Loans nos. ⟦1234567⟧, ⟦2345678⟧ and ⟦3456789⟧
    """,
    "CUSTOMER_NUMBER": r"""
        Customer ID: ⟦C-10293⟧
        Client number ⟦12345⟧
        employee_id: ⟦E1234⟧
        Student No. ⟦20231234⟧
        Kundennummer: ⟦4711-0815⟧; Personalnr. ⟦00815⟧
        numéro client ⟦123456⟧; matricule ⟦12345⟧
        número de cliente ⟦445566⟧; codice cliente ⟦A12345⟧
        userId "⟦100234⟧"
    """,
    "US_ITIN": r"""
        ITIN ⟦912-70-1234⟧
        ITIN: ⟦912701234⟧
        Taxpayer identification number ⟦900-65-4321⟧
        Tax ID: ⟦999-88-1234⟧
        He filed under ⟦912-70-1234⟧.
        individual taxpayer no. ⟦950 90 1111⟧
    """,
    "US_PASSPORT": r"""
        Passport number: ⟦123456789⟧
        passport no. ⟦C12345678⟧
        US passport ⟦A98765432⟧
        Passport # ⟦987654321⟧, issued 2019
        passport_number=⟦123456789⟧
        Passport\n⟦123456789⟧
    """,
    "US_DRIVER_LICENSE": r"""
        Driver's license: ⟦D1234567⟧
        driver’s license number ⟦D123-4567-8901⟧
        DL# ⟦123456789⟧
        DL No. ⟦S530-4607-9133⟧
        drivers_license: "⟦WDLABCD456DG⟧"
        Driver License Number\n⟦12345678⟧
        His driving licence number is ⟦07 123 4567⟧
    """,
    "LICENSE_NUMBER": r"""
        License No. ⟦A123456⟧
        Lic. No. ⟦RN-445566⟧
        State bar number ⟦123456⟧
        Birth certificate no. ⟦12-3456/88⟧
        permit # ⟦P-2023-0042⟧
        professional licence number: ⟦00123⟧
    """,
    "US_NPI": r"""
        NPI ⟦1234567893⟧
        NPI: ⟦1245319599⟧ (attending)
        National Provider Identifier ⟦1003000126⟧
        Provider ID: ⟦1234567893⟧
        npi=⟦1234567893⟧
        NPI# ⟦1234567890⟧, mistyped
    """,
    "US_MBI": r"""
        Medicare ⟦1EG4-TE5-MK73⟧
        ⟦1EG4TE5MK73⟧
        MBI: ⟦1EG4-TE5-MK72⟧
        Medicare number ⟦123456789A⟧
        (⟦9AC4-A45-AC11⟧)
        Medicare beneficiary identifier is ⟦1eg4te5mk73⟧
    """,
    "MEDICAL_LICENSE": r"""
        DEA ⟦AB1234563⟧
        DEA registration no. ⟦BJ6125341⟧
        Dr. Lee, ⟦MA1234563⟧
        medical license number ⟦G123456⟧
        DEA# ⟦F91234563⟧
        Nursing license: ⟦RN-445566⟧
    """,
    "HEALTH_PLAN_ID": r"""
        Member ID: ⟦XYZ123456789⟧
        Policy number ⟦POL-998877⟧
        Group No. ⟦12345⟧, subscriber ID ⟦W1234 56789⟧
        beneficiary number: ⟦00112233⟧
        Medicaid ID ⟦AB12345C⟧
        Versichertennummer ⟦A123456780⟧; Policennummer: ⟦12.345678⟧
        numéro d'adhérent ⟦12345678⟧, número de póliza ⟦99-887766⟧
    """,
    "MEDICAL_RECORD_NUMBER": r"""
        MRN: ⟦00123456⟧
        MRN⟦00123456⟧ and MRN-⟦445566⟧
        Medical Record\nNumber: ⟦1234567⟧
        Patient ID ⟦PAT-0042⟧
        Patient (MRN ⟦12345⟧)
        "patientId": "⟦1042⟧"
        Rx # ⟦1234567⟧; specimen id ⟦S-2023-00123⟧
        Patientennummer ⟦12345⟧; Fallnummer ⟦2023001234⟧
        numéro de patient ⟦12345⟧, número de historia clínica ⟦445566⟧
        cartella clinica n. ⟦2023/1234⟧
    """,
    "CASE_NUMBER": r"""
        Case No. ⟦12-cv-01234⟧
        United States v. Doe, ⟦1:21-cr-00345-ABC⟧
        Case ⟦C-311/18⟧, Schrems; see ⟦T-201/04⟧
        Golder v. the United Kingdom, no. ⟦4451/70⟧
        applications nos. ⟦12345/67⟧, ⟦2345/68⟧ and ⟦999/05⟧
        BGH, ⟦VI ZR 123/20⟧; ⟦2 BvR 1234/99⟧
        Az.: ⟦12 O 345/18⟧
        Aktenzeichen ⟦310 F 44/21⟧
        pourvoi n° ⟦19-12.345⟧; RG n° ⟦19/01234⟧
        Nº de expediente: ⟦1234/2019⟧; expte. ⟦123/2019⟧
        R.G. n. ⟦1234/2019⟧
        police report # ⟦2023-004512⟧, claim no. ⟦CLM-2023-001234⟧
        Docket ⟦19-1234⟧, our ref: ⟦AB/12345⟧
        (No. ⟦19-1234⟧)
        crime reference number ⟦4217/21⟧
        Index No. ⟦651234/2019⟧
    """,
    "VIN": r"""
        VIN ⟦1M8GDM9AXKP042788⟧
        a blue sedan, ⟦1HGCM82633A004352⟧, was seen
        Vehicle identification number: ⟦WVWZZZ1JZXW000001⟧
        Fahrgestellnummer ⟦WDB1240301B123456⟧
        VIN: ⟦1M8GDM9AXKP042789⟧ is mistyped
        numéro de châssis ⟦VF1BB05CF12345678⟧
    """,
    "IMEI": r"""
        IMEI ⟦490154203237518⟧
        IMEI: ⟦49-015420-323751-8⟧
        handset ⟦35-209900-176148-1⟧
        imei=⟦352099001761481⟧
        IMEI number\t⟦356938035643809⟧
        IMEISV ⟦3520990017614823⟧
    """,
    "DEVICE_SERIAL": r"""
        S/N: ⟦C02XK1ZZJGH5⟧
        Serial number ⟦1234-5678⟧
        serial_no=⟦SN00123456⟧
        Pacemaker ID ⟦PM-445566⟧
        device id: ⟦550e8400-e29b-41d4-a716-446655440000⟧
        Seriennummer ⟦4711ABC12⟧; numéro de série ⟦XK-998877⟧
        ICCID ⟦8931440400000000001⟧
    """,
    "UDI": r"""
        ⟦(01)00884838000513(11)141231(17)150707(10)A213B1(21)1234⟧
        UDI ⟦(01)00884838000513(21)SN1234⟧.
        ⟦(01) 00884838000513 (21) 998877⟧ was implanted
        ⟦(01)00884838000513(17)150707(21)1234⟧, left knee
        scanned: ⟦(01)00884838000514(21)1234⟧ with a wrong check digit
        ⟦(01)00884838000513(10)LOT77⟧
    """,
    "MAC_ADDRESS": r"""
        ⟦00:1B:44:11:3A:B7⟧
        MAC ⟦00-1b-44-11-3a-b7⟧.
        switch port ⟦001b.4411.3ab7⟧
        (⟦AA:BB:CC:DD:EE:FF⟧)
        hw=⟦de:ad:be:ef:00:01⟧;
        from ⟦02:42:ac:11:00:02⟧ to ⟦02:42:ac:11:00:03⟧
    """,
    "CRYPTO": r"""
        ⟦1BoatSLRHtKNngkdXEeobR76b53LETtpyT⟧
        pay ⟦3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy⟧.
        ⟦bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq⟧
        ⟦bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr⟧
        wallet ⟦0x52908400098527886E0F7030069857D2E4169EE7⟧
        (⟦LM2WMpR1Rp6j3Sa59cMXMs1SPzj9eXpGc1⟧)
    """,
    "BIOMETRIC_ID": r"""
        Fingerprint ID: ⟦FP-00123-A⟧
        voiceprint id ⟦VP12345⟧
        biometric template no. ⟦998877⟧
        Facial recognition ID ⟦FR-2023-1⟧
        iris scan number ⟦4455⟧
        fingerprint record # ⟦A-123⟧
    """,
    "PHOTO_REFERENCE": r"""
        Photo: ⟦IMG_1234.jpg⟧
        photo of patient ⟦DSC0123.JPG⟧
        mugshot ⟦booking-4411.png⟧
        photograph (⟦2023-11-02_0042.jpeg⟧)
        Lichtbild ⟦Bild0007.png⟧
        selfie "⟦selfie_01.heic⟧"
    """,
    "CVV": r"""
        CVV ⟦123⟧
        CVC2: ⟦1234⟧
        4111 1111 1111 1111 12/26 ⟦123⟧
        Visa, security code ⟦456⟧
        Kartenprüfnummer ⟦789⟧
        4111111111111111|12|2026|⟦321⟧
        cvv=⟦000⟧
    """,
    "CARD_EXPIRY": r"""
        Valid thru ⟦12/26⟧
        Card 4111 1111 1111 1111 exp ⟦12/26⟧
        Visa, expires ⟦09/2027⟧
        4111 1111 1111 1111 ⟦12/26⟧ 123
        exp date: ⟦01-28⟧
        Karte gültig bis ⟦11/25⟧
        4111111111111111|⟦12|2026⟧|321
    """,
    "PIN": r"""
        PIN: ⟦1234⟧
        ATM PIN ⟦998877⟧
        Your one-time code is ⟦123456⟧
        pin code ⟦4711⟧
        Geheimzahl ⟦8812⟧; código PIN ⟦5566⟧
        OTP ⟦445566⟧
        The verification code ⟦2024⟧ expires soon
    """,
    "TRACK_DATA": r"""
        ⟦%B4111111111111111^LOPEZ/MARIA^26121010000000000?⟧
        ⟦;4111111111111111=26121010000000000?⟧
        ⟦B5555555555554444^DOE/J^2512101⟧
        swiped ⟦4111111111111111=2612101⟧ twice
        ⟦4111111111111111D26121010000000000⟧
        ⟦%B4111 1111 1111 1111^LOPEZ/MARIA ANA^2612101?⟧
    """,
    "SECRET": r"""
        password: ⟦hunter2⟧
        DB_PASSWORD=⟦correcthorse⟧
        "password": "⟦correct horse⟧"
        my password is ⟦Sommer2023!⟧
        Passwort: ⟦Geheim!23⟧, Kennwort = ⟦abcdef⟧
        mot de passe : ⟦Soleil99⟧; contraseña: ⟦Gato2020⟧
        api_key=⟦abcd1234efgh5678⟧
        client_secret: "⟦x8Jf!kd93kdlf⟧"
        AWS_SECRET_ACCESS_KEY=⟦wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY⟧
        key ⟦AKIAIOSFODNN7EXAMPLE⟧
        postgres://app:⟦s3cret⟧@db/x
        Authorization: Bearer ⟦abcdef1234567890⟧
        push with ⟦ghp_0123456789abcdefghijABCDEFGHIJ012345⟧
        ⟦eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jRKGsbC7Tw⟧
        ⟦sk-proj-abcdefghijklmnop1234⟧
        ⟦-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nq83vEjRWeJCrze8=\n-----END RSA PRIVATE KEY-----⟧
    """,
    "FAX_NUMBER": r"""
        Fax: ⟦(415) 555-0143⟧
        Tel 415-555-0100, fax ⟦415-555-0199⟧
        Facsimile ⟦+44 20 7946 0958⟧
        Télécopie ⟦01 42 68 53 00⟧
        Telefax: ⟦+49 30 901821⟧
        fax no. ⟦212-555-0143⟧
    """,
}

LEFT_ALONE = {
    "US_BANK_NUMBER": r"""
        The account balance was 1234567.89
        an account of 12,345,678 dollars
        Account opened: 2019-01-15
        account number and phone number: 4155550143
        accounts in 2019 and 2020
        account 500000 USD or EUR account EUR 500000
        Rule 4.12 on accounts, 1234567 shares
        <US_BANK_NUMBER> 12345678
    """,
    "ABA_ROUTING_NUMBER": r"""
        021000021
        Order 021000021
        routing 02100002
        routing number 0210000212
        route 021000021
        ABA section 12.5
    """,
    "BANK_CODE": r"""
        12-34-56
        code 12-34-56
        sort by code 123456
        sorted 12-34-56
        BSB was founded in 1920
        the sort code of the bank
    """,
    "LEI": r"""
        5493001KJTIIGC8Y1R13
        ISIN US0378331005, DE0007164600
        549300 1KJTIIGC8Y1R12
        12345678901234567890
        ABCDEFGHIJKLMNOPQRST
        5493001kjtiigc8y1r12
    """,
    "SWIFT_CODE": r"""
        UNDERTAKING SECURITY PERSONAL
        MARRIAGE CERTIFICATES
        the FINANCIAL STATEMENTS OF ABCDEFGH
        DOCUMENT CHASUS33
        SWIFTLY and BICYCLES
        The SWIFT network of the CUSTOMER, wire REGISTER
    """,
    "LOAN_NUMBER": r"""
        a loan of 1000000
        loan 1000000 USD
        Loan: 250,000
        loans in 2019
        loan no. 12
        Loan to value 80.5 %
    """,
    "CUSTOMER_NUMBER": r"""
        Customer 12
        5 employees, 100000 customers
        customer due diligence 2024
        Invoice number 12345678
        order no. 12345678
        client assets, 250,000
    """,
    "US_ITIN": r"""
        912-71-12345
        812-70-1234
        912-49-1234
        912701234
        912.70.1234
        SSN 987-65-4321
    """,
    "US_PASSPORT": r"""
        123456789
        passport 12345
        passports issued in 2019
        passport and visa rules 4.5.6
        EU passporting 123456789
        The passport holder, C123
    """,
    "US_DRIVER_LICENSE": r"""
        license 12
        Drivers 12345678
        120 mg/dL
        glucose 100 mg/dL 5
        driver 1234567
        a driving licence for 10 years
    """,
    "LICENSE_NUMBER": r"""
        license 12345
        a licence for 2024 and 10000 users
        permits 12345
        license number 12
        certificates of 100000
        bar 12345
    """,
    "US_NPI": r"""
        1234567893
        1245319599 records
        Provider 12
        provider number 1234567890
        NPI 12345
        Phone 2125550143
    """,
    "US_MBI": r"""
        1EG4-TE5-MK7
        1SG4TE5MK73
        0EG4TE5MK73
        1EG4TE5MKA3
        Medicare 2019
        X1EG4TE5MK73
    """,
    "MEDICAL_LICENSE": r"""
        AB1234564
        ZZ1234563
        A1234563
        ABC1234563
        medical license 12
        IDEA 12345
    """,
    "HEALTH_PLAN_ID": r"""
        policy no. AML-01
        Member States 2013/36
        group 12345
        Policy 2023
        the members, 100000 of them
        insurance of 1,000,000
    """,
    "MEDICAL_RECORD_NUMBER": r"""
        120 patients, 4 visits
        patient 12
        Sample: 219-00-1234
        Visit 3: 12000 steps
        records 12345
        <MEDICAL_RECORD_NUMBER> 12345678
    """,
    "CASE_NUMBER": r"""
        Regulation (EU) No 575/2013 and Regulation (EEC) No 2137/85
        Release No. 34-12345; Pub. L. No. 94-455
        Phoenix, AZ 85001
        Article 4(1) of Regulation (EU) 2016/679, Directive 2013/36/EU
        case 12, case 2020, in 24/7 cases
        Model number 123456, part no. 123456
        Table 1-cv-2 and AC-2/18x
        from 01/02/2020 to 31/12/21
        Reference 1234567890123
    """,
    "VIN": r"""
        1M8GDM9AXKP042789
        12345678901234567
        ABCDEFGHJKLMNPRST
        1M8GDM9AXKP04278
        IOQGDM9AXKP042788
        VIN decoding in 2019
    """,
    "IMEI": r"""
        490154203237518
        49-015420-323751-9
        352099001761481
        00-000000-000000-0
        IMEI 12345
        12-345678-901234
    """,
    "DEVICE_SERIAL": r"""
        serial 12
        Serial bonds 2019
        device 1234567
        550e8400-e29b-41d4-a716-446655440000
        SIM swap, 1000 cases
        s/n ratio 3.5
    """,
    "UDI": r"""
        (01)00884838000513
        (1)00884838000513(21)1
        section (01) 2023
        (01)0088483800051(21)1234
        01 00884838000513 21 1234
        (10)A213B1(21)1234
    """,
    "MAC_ADDRESS": r"""
        10:30:45:11:12:13
        20-01-15-10-30-45
        00:1B:44:11:3A
        00:1B:44:11:3A:B7:11
        1.2.3
        2001:db8::8a2e:370:7334
    """,
    "CRYPTO": r"""
        1BoatSLRHtKNngkdXEeobR76b53LETtpyU
        bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdx
        0x52908400098527886E0F7030069857D2E4169EE
        3333333333333333333333333333
        LM2WMpR1Rp6j3Sa59cMXMs1SPzj9eXpGc2
        1111111111111111111114oLvX
    """,
    "BIOMETRIC_ID": r"""
        fingerprint 12345
        Fingerprints of 3 people
        biometric data, 2016/679
        Face ID 5
        iris 2020
        voice print rules 4.5.6
    """,
    "PHOTO_REFERENCE": r"""
        figure 1234.jpg
        IMG_1234.jpg
        photo 12
        photographs, 4.5.6
        see logo2.png
        photo: x.docx1
    """,
    "CVV": r"""
        code 123
        security code 123
        CVV 12
        CVV is never stored; 12345 cards
        cvv 1234567
        a csc of 3.5 %
    """,
    "CARD_EXPIRY": r"""
        exp 12/26
        expires 12/2026
        valid thru 13/26
        The permit expires 12/2026
        expiry 24/7
        valid until 12/26/2026
    """,
    "PIN": r"""
        pin 12
        PIN pads: 100
        bowling pins, 10
        PIN 123456789
        The pin is 3.5 mm
        opinion 1234
    """,
    "TRACK_DATA": r"""
        4111111111111111=261
        a^2 + b^2 = c^2
        x=4111111111111111
        B4111111111111111^^26121010
        4111=26121010000000000
        12345678901=2612101
    """,
    "SECRET": r"""
        Password: must be at least 12 characters
        the password is required for all
        password: ********
        password: ${DB_PASSWORD}
        secretary: Maria Lopez
        Secret: no
        tokens: 12
        Password policy: passwords expire after 90 days
        the risk-adjusted-and-very-long-hyphenated-word
        eyJ is how tokens begin
        https://example.com:8080/a@b
    """,
    "FAX_NUMBER": r"""
        Tel. 415-555-0143
        Fax and phone: 415-555-0143
        fax 12
        by fax or call 212-555-0143
        Mobile 415-555-0143, no fax
        facts 415-555-0143
    """,
}


def lines(block: str) -> list[str]:
    """Return the lines of a block."""
    return [line.strip().replace("\\n", "\n").replace("\\t", "\t") for line in block.split("\n") if line.strip()]
