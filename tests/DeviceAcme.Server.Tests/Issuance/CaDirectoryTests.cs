using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Server.Connectors.BuiltIn;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Issuance;

/// <summary>The first start, and every later one, on the CA's folder.</summary>
public sealed class CaDirectoryTests
{
    [Fact, Spec("RFC 5280 §4.2.1.9")]
    public void The_first_start_makes_a_root_and_an_issuing_CA()
    {
        using var ca = new TestCa();
        using var issuer = ca.Issuer();

        using var root = X509CertificateLoader.LoadCertificateFromFile(ca.File("root.pem"));
        using var issuing = TestCa.Load(issuer.Current.Chain.Should().ContainSingle().Subject);
        root.PublicKey.GetECDsaPublicKey()!.KeySize.Should().Be(384);
        issuing.PublicKey.GetECDsaPublicKey()!.KeySize.Should().Be(256);
        issuing.Extensions.OfType<X509BasicConstraintsExtension>().Single().Should().Match<X509BasicConstraintsExtension>(
            constraints => constraints.CertificateAuthority && constraints.Critical && constraints.PathLengthConstraint == 0);
        issuing.Extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages.Should().Be(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign);
        TestCa.Verifies(issuing, [], root.RawData).Should().BeTrue();
    }

    [Fact]
    public void Every_later_start_finds_the_same_CA()
    {
        using var ca = new TestCa();
        using var first = ca.Issuer();
        using var second = ca.Open().OpenOrMake("default", TestCa.Status, TestCa.Now.AddYears(1));

        second.Current.Chain[0].ToArray().Should().Equal(first.Current.Chain[0].ToArray());
        second.KeyId.Should().Be(first.KeyId);
    }

    [Fact]
    public void Another_issuer_has_its_own_key_below_the_same_root()
    {
        using var ca = new TestCa();
        using var first = ca.Issuer();
        using var other = ca.Directory.OpenOrMake("wifi", TestCa.Status, TestCa.Now);

        other.KeyId.Should().NotBe(first.KeyId);
        other.Current.SubjectText.Should().NotBe(first.Current.SubjectText);
        using var root = X509CertificateLoader.LoadCertificateFromFile(ca.File("root.pem"));
        TestCa.Verifies(TestCa.Load(other.Current.Chain[0]), [], root.RawData).Should().BeTrue();
    }

    [Fact]
    public void Only_the_owner_can_read_the_folder()
    {
        using var ca = new TestCa();
        using var issuer = ca.Issuer();
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        foreach (var file in Directory.EnumerateFiles(ca.Path, "*", SearchOption.AllDirectories))
        {
            File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite, file);
        }

        foreach (var folder in Directory.EnumerateDirectories(ca.Path, "*", SearchOption.AllDirectories).Append(ca.Path))
        {
            File.GetUnixFileMode(folder).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, folder);
        }
    }

    [Fact]
    public void A_start_that_was_cut_short_leaves_nothing_that_is_used()
    {
        using var ca = new TestCa();
        Directory.CreateDirectory(ca.File(".new-root"));
        File.WriteAllText(ca.File(".new-root", "key.pem"), "half a key");

        using var issuer = ca.Issuer();

        Directory.Exists(ca.File(".new-root")).Should().BeFalse();
        issuer.Current.SubjectText.Should().Contain("Issuing CA");
    }

    [Fact]
    public void A_start_that_was_cut_short_behind_the_root_goes_on_with_it()
    {
        using var ca = new TestCa();
        ca.Issuer().Dispose();
        var root = File.ReadAllText(ca.File("root", "certificate.pem"));
        Directory.Delete(ca.File("default"), true);
        File.Delete(ca.File("root.pem"));
        Directory.CreateDirectory(ca.File(".new-default"));

        using var issuer = ca.Issuer();

        File.ReadAllText(ca.File("root.pem")).Should().Be(root);
    }

    [Fact]
    public void A_folder_with_issuers_but_without_its_root_gets_no_new_root()
    {
        using var ca = new TestCa();
        ca.Issuer().Dispose();
        Directory.Delete(ca.File("root"), true);

        using var still = ca.Issuer();
        Refused(() => ca.Directory.OpenOrMake("other", null, TestCa.Now)).Should().Contain("a new root beside them would not be trusted");
    }

    [Fact]
    public void A_passphrase_encrypts_the_keys_and_is_needed_afterwards()
    {
        using var ca = new TestCa("correct horse");
        ca.Issuer().Dispose();

        File.ReadAllText(ca.File("default", "key.pem")).Should().StartWith("-----BEGIN ENCRYPTED PRIVATE KEY-----");
        File.ReadAllText(ca.File("root", "key.pem")).Should().StartWith("-----BEGIN ENCRYPTED PRIVATE KEY-----");
        ca.Open("correct horse").Open("default").Dispose();
        Refused(() => ca.Open("wrong horse").Open("default")).Should().Be($"the passphrase does not open {ca.File("default", "key.pem")}");
        Refused(() => ca.Open().Open("default")).Should().Contain("is encrypted and no passphrase was given");
    }

    [Fact]
    public void A_passphrase_given_later_encrypts_the_key_in_place()
    {
        using var ca = new TestCa();
        using var plain = ca.Issuer();

        using var encrypted = ca.Open("later").Open("default");

        encrypted.KeyId.Should().Be(plain.KeyId);
        File.ReadAllText(ca.File("default", "key.pem")).Should().StartWith("-----BEGIN ENCRYPTED PRIVATE KEY-----");
    }

    [Fact]
    public void Two_installations_never_share_a_name()
    {
        using var one = new TestCa(name: "Example Corp");
        using var two = new TestCa(name: "Example Corp");
        using var first = one.Issuer();
        using var second = two.Issuer();

        first.Current.SubjectText.Should().StartWith("CN=Example Corp Issuing CA ").And.NotBe(second.Current.SubjectText);
        using var rootOne = X509CertificateLoader.LoadCertificateFromFile(one.File("root.pem"));
        using var rootTwo = X509CertificateLoader.LoadCertificateFromFile(two.File("root.pem"));
        rootOne.Subject.Should().StartWith("CN=Example Corp, OU=").And.NotBe(rootTwo.Subject);
    }

    [Fact]
    public void A_key_that_others_can_read_is_refused()
    {
        using var ca = new TestCa();
        ca.Issuer().Dispose();
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        File.SetUnixFileMode(ca.File("default", "key.pem"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);

        Refused(() => ca.Issuer()).Should().Contain("can be read by other users");
    }

    [Theory]
    [InlineData("key.pem", "no key", "is not a PEM file")]
    [InlineData("chain.pem", "no certificate", "has no readable certificate")]
    [InlineData("key.pem", null, "is missing")]
    public void A_file_that_is_broken_or_missing_is_told(string file, string? content, string message)
    {
        using var ca = new TestCa();
        ca.Issuer().Dispose();
        File.Delete(ca.File("default", file));
        if (content is not null)
        {
            DurableFiles.Write(ca.File("default", file), System.Text.Encoding.ASCII.GetBytes(content));
        }

        Refused(() => ca.Issuer()).Should().Contain(ca.File("default", file)).And.Contain(message);
    }

    [Fact]
    public void The_key_of_another_certificate_is_told()
    {
        using var ca = new TestCa();
        ca.Issuer().Dispose();
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        DurableFiles.Write(ca.File("default", "key.pem"), KeyFile.Write(other, null));

        Refused(() => ca.Issuer()).Should().Contain("begins with the certificate of another key");
    }

    [Fact]
    public async Task An_issuer_with_an_RSA_key_of_its_owner_serves_too()
    {
        using var ca = new TestCa();
        ca.Issuer().Dispose();
        using var rsa = RSA.Create(2048);
        var request = new CertificateRequest("CN=Own", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var own = request.CreateSelfSigned(TestCa.Now.AddDays(-1), TestCa.Now.AddYears(1));
        DurableFiles.MakeFolder(ca.File("own"), new Dictionary<string, byte[]> { ["key.pem"] = KeyFile.Write(rsa, null), ["chain.pem"] = CaCertificate.Pem([own.RawData]) });

        using var issuer = ca.Directory.Open("own");
        using var connector = new BuiltInConnector(issuer, TestCa.Status);
        var issued = await TestCa.Issue(connector);

        TestCa.Verifies(TestCa.Load(issued.Certificate), [], own.RawData).Should().BeTrue();
    }

    private static string Refused(Func<object> open) => FluentActions.Invoking(open).Should().Throw<IssuerException>().Which.Message;
}
