//! The word about a picture's source, as XMP: `Iptc4xmpExt:DigitalSourceType` (IPTC Photo Metadata, ISO 16684-1).

use salon_domain::DigitalSource;

const PROPERTY: &str = "DigitalSourceType";
const END: &str = "</rdf:RDF>";

fn description(source: DigitalSource) -> String {
    format!(
        "<rdf:Description rdf:about=\"\" xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\">\
         <Iptc4xmpExt:{PROPERTY}>{}</Iptc4xmpExt:{PROPERTY}></rdf:Description>",
        source.uri()
    )
}

/// A packet that says so and nothing else.
fn packet(source: DigitalSource) -> String {
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n\
         {}\n\
         </rdf:RDF>\n\
         </x:xmpmeta>\n\
         <?xpacket end=\"w\"?>",
        description(source)
    )
}

/// The packet of a file that had `known` and is to tell its source. What a file says of its source itself stays; it knows
/// better.
pub(crate) fn with_source(known: Option<String>, source: Option<DigitalSource>) -> Option<String> {
    let Some(source) = source else { return known };
    let Some(known) = known else {
        return Some(packet(source));
    };
    if known.contains(PROPERTY) {
        return Some(known);
    }
    Some(match known.rfind(END) {
        Some(place) => format!("{}{}\n{}", &known[..place], description(source), &known[place..]),
        // A packet without RDF says nothing.
        None => packet(source),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: Option<DigitalSource> = Some(DigitalSource::TrainedAlgorithmicMedia);

    #[test]
    fn a_packet_says_its_source_once_and_keeps_what_it_had() {
        assert_eq!(with_source(None, None), None, "nothing to say");
        let fresh = with_source(None, SOURCE).unwrap();
        assert!(
            fresh.contains(">http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia</"),
            "{fresh}"
        );
        let known = "<x><rdf:RDF><rdf:Description dc:title='Fox'/></rdf:RDF></x>".to_owned();
        let both = with_source(Some(known), SOURCE).unwrap();
        assert!(
            both.contains("Fox") && both.matches(PROPERTY).count() == 2,
            "{both}"
        );
        assert_eq!(
            with_source(Some(both.clone()), Some(DigitalSource::Composite)),
            Some(both),
            "what it said itself stays"
        );
    }
}
