using System.Security.Cryptography.Pkcs;
using System.Text;
using DeviceAcme.Cli.Apple;
using DeviceAcme.Cli.Apple.Lint;
using DeviceAcme.Cli.Apple.Plist;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace DeviceAcme.Tests.Cli;

/// <summary>Files from anywhere: read strictly, or refused with a code; nothing is fetched, expanded or executed.</summary>
public sealed class PlistReaderTests
{
    private const int Runs = 400;
    private const string Type = """<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">""";

    [Fact]
    public void Every_kind_of_value_is_read_and_written_again()
    {
        var written = Plist("<key>s</key><string>a &amp; b</string><key>i</key><integer>-5</integer><key>t</key><true/><key>f</key><false/><key>d</key><data>AQID</data>"
            + "<key>w</key><date>2026-05-01T12:00:00Z</date><key>r</key><real>1.5</real><key>e</key><dict/><key>a</key><array><string/><array/></array>");

        var read = Read(written);

        read.TextOf("s").Should().Be("a & b");
        read.Find("i").Should().Be(new PlistValue.Integer(-5));
        ((PlistValue.Data)read.Find("d")!).Value.ToArray().Should().Equal(1, 2, 3);
        ((PlistValue.Date)read.Find("w")!).Value.Should().Be(Terminal.Now);
        var again = PlistWriter.Write(read);
        PlistReader.Read(again).Keys.Should().Equal(read.Keys);
        PlistWriter.Write(PlistReader.Read(again)).Should().Equal(again);
        Encoding.UTF8.GetString(again).Should().Contain("a &amp; b").And.Contain("<date>2026-05-01T12:00:00Z</date>").And.Contain("<real>1.5</real>");
    }

    [Theory]
    // an entity that would read a file, one that would be fetched, one that grows, one of an outside document type
    [InlineData("plist-doctype", """<!DOCTYPE plist [<!ENTITY x SYSTEM "file:///etc/hostname">]>""", "<key>k</key><string>&x;</string>")]
    [InlineData("plist-doctype", """<!DOCTYPE plist [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;]>""", "<key>k</key><string/>")]
    [InlineData("plist-doctype", """<!DOCTYPE plist [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>""", "<key>k</key><string>&b;</string>")]
    [InlineData("plist-doctype", """<!DOCTYPE html>""", "<key>k</key><string/>")]
    [InlineData("plist-malformed", Type + Type, "<key>k</key><string/>")]
    [InlineData("plist-malformed", Type, "<key>k</key><string>&x;</string>")]
    [InlineData("plist-malformed", Type, "<key>k</key><string>one</string><key>k</key><string>two</string>")]
    [InlineData("plist-malformed", Type, "<key>k</key>")]
    [InlineData("plist-malformed", Type, "<string>k</string>")]
    [InlineData("plist-malformed", Type, "<key>k</key><integer>five</integer>")]
    [InlineData("plist-malformed", Type, "<key>k</key><integer>99999999999999999999</integer>")]
    [InlineData("plist-malformed", Type, "<key>k</key><data>!</data>")]
    [InlineData("plist-malformed", Type, "<key>k</key><date>yesterday</date>")]
    [InlineData("plist-malformed", Type, "<key>k</key><boolean>true</boolean>")]
    [InlineData("plist-malformed", Type, "<key>k</key><true>yes</true>")]
    [InlineData("plist-malformed", Type, "<key>k</key><string>a<b/></string>")]
    [InlineData("plist-malformed", Type, "loose text")]
    [InlineData("plist-malformed", Type, "</dict><dict>")]
    public void What_is_no_property_list_is_refused(string code, string type, string content) =>
        Refused(Encoding.UTF8.GetBytes(Plist(content, type))).Code.Should().Be(code);

    [Fact]
    public void A_message_names_the_line_of_the_file() =>
        Refused(Encoding.UTF8.GetBytes($"<?xml version=\"1.0\"?>\n{Type.Replace(" \"http", "\n\"http", StringComparison.Ordinal)}\n<plist version=\"1.0\">\n<dict>\n<key>k</key><integer>five</integer></dict></plist>")).Line.Should().Be(6);

    [Fact]
    public void Deep_and_long_documents_are_refused()
    {
        Refused(Encoding.UTF8.GetBytes(Plist($"<key>k</key>{string.Concat(Enumerable.Repeat("<array>", 5000))}{string.Concat(Enumerable.Repeat("</array>", 5000))}"))).Code.Should().Be("plist-malformed");
        Refused(Encoding.UTF8.GetBytes(Plist($"<key>k</key><array>{string.Concat(Enumerable.Repeat("<true/>", 30_000))}</array>"))).Code.Should().Be("plist-malformed");
        Refused(new byte[PlistReader.MaximumSize + 1]).Code.Should().Be("file-too-large");
    }

    [Theory]
    [InlineData("plist-binary", "bplist00")]
    [InlineData("file-not-a-payload", "")]
    [InlineData("file-not-a-payload", "hello")]
    [InlineData("file-not-a-payload", "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n")]
    [InlineData("cms-malformed", "0\u0003abc")]
    [InlineData("json-malformed", "{\"KeySize\": 1, \"KeySize\": 2}")]
    [InlineData("json-malformed", "[]")]
    [InlineData("declaration-without-credential", "{\"Type\": \"com.apple.asset.credential.acme\", \"Payload\": {}}")]
    [InlineData("plist-malformed", "<?xml version=\"1.0\" encoding=\"UTF-16\"?><plist/>")]
    public void Other_files_are_called_by_their_name(string code, string text) => Refused(Encoding.UTF8.GetBytes(text)).Code.Should().Be(code);

    [Fact]
    public void An_encrypted_profile_cannot_be_looked_into() =>
        Refused(Encoding.UTF8.GetBytes(Plist("<key>EncryptedPayloadContent</key><data>AQID</data>"))).Code.Should().Be("payload-encrypted");

    [Fact]
    public void A_signature_without_content_is_refused()
    {
        using var signer = new TestCertificate("Signer");
        using var key = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPemFile(signer.CertificateFile, signer.KeyFile);
        var message = new SignedCms(new ContentInfo([1, 2, 3]), detached: true);
        message.ComputeSignature(new CmsSigner(key));

        Refused(message.Encode()).Code.Should().Be("cms-without-content");
    }

    [Fact]
    public void Whatever_the_octets_are_the_answer_is_a_value_or_a_code()
    {
        using var signer = new TestCertificate("Signer");
        var plist = PlistWriter.Write(Samples.Right().File.Root);
        byte[][] files = [plist, PlistJson.Write(Samples.Declarative().File.Root), ProfileSignature.Sign(plist, signer.CertificateFile, signer.KeyFile, Terminal.Now)];
        var mutations = from file in Gen.Elements(files)
                        from at in Gen.Choose(0, file.Length - 1)
                        from octet in Gen.Choose(0, 255)
                        from end in Gen.Frequency((4, Gen.Constant(file.Length)), (1, Gen.Choose(0, file.Length)))
                        select (File: file, At: at, Octet: (byte)octet, End: end);

        Prop.ForAll(
            mutations.ToArbitrary(),
            mutation =>
            {
                var octets = mutation.File.ToArray();
                octets[mutation.At] = mutation.Octet;
                try
                {
                    LintRules.Run(Samples.Right() with { File = PayloadFile.Read(octets.AsMemory(0, mutation.End)) });
                }
                catch (UnreadableDocument unreadable)
                {
                    unreadable.Code.Should().NotBeEmpty();
                }
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(Runs));
    }

    private static string Plist(string content, string type = Type) => $"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{type}\n<plist version=\"1.0\">\n<dict>\n{content}\n</dict>\n</plist>\n";

    private static PlistValue.Dictionary Read(string text) => PlistReader.Read(Encoding.UTF8.GetBytes(text));

    private static UnreadableDocument Refused(byte[] octets)
    {
        var read = () => PayloadFile.Read(octets);
        return read.Should().Throw<UnreadableDocument>().Which;
    }
}
