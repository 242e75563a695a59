"""Words of the special categories (GDPR Articles 9 and 10) in five languages, as data: `special` asks about whom."""

from __future__ import annotations

# One word each, lower case: found only where a sentence says it of one person.
CONDITIONS = frozenset(
    """
    addiction adhd aids alcoholic alcoholism alzheimer alzheimer's amputation amputee anaemia anemia anorexia
    anxiety aphasia arrhythmia arthritis asthma asthmatic autism autistic bipolar blindness bronchitis bulimia
    cancer cardiomyopathy chemotherapy chlamydia cirrhosis colitis copd coronavirus covid covid-19 crohn's deafness
    dementia depression depressed dermatitis diabetes diabetic dialysis dyslexia eczema emphysema endometriosis
    epilepsy epileptic fibromyalgia fracture gastritis glaucoma gonorrhea gout haemophilia hemophilia hepatitis
    herpes hiv hiv-positive hypertension hyperthyroidism hypothyroidism infertility insomnia leukaemia leukemia
    lupus lymphoma malaria melanoma meningitis migraine migraines miscarriage myeloma neuropathy obesity
    osteoporosis pancreatitis paralysis paraplegic parkinson's pneumonia pregnant pregnancy psoriasis psychosis ptsd
    schizophrenia schizophrenic sciatica scoliosis seizures sepsis stroke suicidal syphilis tinnitus tuberculosis
    tumor tumour ulcer krebs brustkrebs lungenkrebs depression depressionen diabetiker diabetikerin epilepsie
    schizophrenie schwanger schlaganfall herzinfarkt bluthochdruck demenz migräne hiv-positiv alkoholkrank
    magersucht multiple-sklerose burnout dépression dépressif dépressive diabète diabétique épilepsie schizophrénie
    asthme asthmatique sida séropositif séropositive leucémie cirrhose alcoolique enceinte cáncer depresión
    diabético diabética epilepsia esquizofrenia asma sida seropositivo seropositiva leucemia cirrosis embarazada
    hipertensión alcohólico tumore cancro depressione diabete epilessia schizofrenia sieropositivo sieropositiva
    incinta ipertensione
    """.split()
)
DRUGS = frozenset(
    """
    abilify acetaminophen adderall albuterol alprazolam ambien amlodipine amoxicillin apixaban aripiprazole aspirin
    atenolol ativan atorvastatin azithromycin buprenorphine bupropion carvedilol cefalexin celebrex cephalexin
    cetirizine ciprofloxacin citalopram clonazepam clopidogrel codeine coumadin cymbalta dexamethasone diazepam
    diclofenac digoxin donepezil doxycycline duloxetine eliquis enalapril epinephrine escitalopram esomeprazole
    estradiol fentanyl finasteride fluoxetine furosemide gabapentin glipizide haloperidol heparin humira
    hydrochlorothiazide hydrocodone hydroxychloroquine ibuprofen insulin ketamine klonopin lamotrigine lantus
    levetiracetam levothyroxine lexapro lipitor lisinopril lithium loratadine lorazepam losartan lyrica metformin
    methadone methotrexate methylphenidate metoprolol metronidazole mirtazapine montelukast morphine naloxone
    naproxen nexium olanzapine omeprazole ondansetron oxycodone oxycontin ozempic pantoprazole paracetamol
    paroxetine penicillin percocet phenytoin plavix pravastatin prednisolone prednisone pregabalin propranolol
    prozac quetiapine ramipril ranitidine risperidone ritalin rivaroxaban rosuvastatin salbutamol semaglutide
    sertraline sildenafil simvastatin sitagliptin spironolactone suboxone sumatriptan synthroid tamoxifen tamsulosin
    temazepam topiramate tramadol trazodone valium valproate vancomycin venlafaxine verapamil viagra vicodin
    warfarin wellbutrin xanax xarelto zithromax zoloft zolpidem
    """.split()
)
ORIENTATIONS = frozenset(
    """
    gay lesbian bisexual homosexual heterosexual pansexual asexual queer transgender transsexual schwul lesbisch
    homosexuell bisexuell heterosexuell transsexuell homosexuelle lesbienne bisexuelle lesbiana bisexuales gai
    omosessuale lesbica bisessuale eterosessuale
    """.split()
)
FAITHS = (
    r"islam|judaism|christianity|catholicism|hinduism|buddhism|sikhism|protestantism|mormonism|judentum"
    r"|christentum|katholizismus|judaïsme|christianisme|catholicisme|judaísmo|cristianismo|catolicismo"
    r"|cristianesimo|cattolicesimo|ebraismo"
)
UNIONS = (
    r"ver\.di|ig metall|ig bce|ig bau|gew|gdp|marburger bund|unison|unite the union|unite|gmb|usdaw|aslef|rmt"
    r"|nasuwt|teamsters|afl-cio|seiu|afscme|uaw|cwa|united auto workers|cgt|cfdt|cfe-cgc|cftc|ccoo|ugt|uso|csif"
    r"|cgil|cisl|uil|cobas|ugl|dgb|fnv|abvv"
)
PARTIES = (
    r"labour party|labor party|conservative party|liberal democrats?|green party|democratic party"
    r"|republican party|communist party|socialist party|libertarian party|scottish national party|snp|ukip"
    r"|reform uk|sinn f[ée]in|plaid cymru|tea party|spd|cdu|csu|fdp|afd|npd|die linke|linken?|bündnis 90"
    r"|grünen?|parti socialiste|rassemblement national|front national|les républicains|france insoumise|lfi"
    r"|psoe|vox|podemos|partido popular|sumar|ciudadanos|esquerra republicana|partito democratico|forza italia"
    r"|fratelli d'italia|movimento 5 stelle|lega(?: nord)?|[öÖ]vp|fp[öÖ]|sp[öÖ]"
)
