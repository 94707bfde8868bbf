using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Profiles;

/// <summary>Vendor roots in folders.</summary>
public sealed class TrustFoldersTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("trust-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void Apples_root_is_the_one_that_Apple_published()
    {
        var mistakes = new Mistakes();

        var anchors = TrustFolders.Load([Path.Combine(RepositoryFiles.Root, "profiles", "trust")], mistakes).Anchors(["apple"]);

        mistakes.Errors.Should().BeEmpty();
        anchors.Anchors.Should().ContainSingle().Which.Fingerprint.ToUpperInvariant()
            .Should().Be("CC:F5:9E:F8:FC:B3:01:7D:97:F8:B5:FA:6F:A9:0E:7A:3F:92:83:F7:6B:55:AC:6C:F6:ED:A8:B8:B9:49:F0:5B".Replace(":", ""));
    }

    [Fact]
    public void The_shipped_roots_are_listed_with_their_hashes()
    {
        var folder = Path.Combine(RepositoryFiles.Root, "profiles", "trust");
        var readme = File.ReadAllText(Path.Combine(folder, "README.md"));

        foreach (var file in Directory.EnumerateFiles(folder, "*.pem", SearchOption.AllDirectories))
        {
            var hash = SHA256.HashData(X509CertificateLoader.LoadCertificateFromFile(file).RawData);
            readme.Should().Contain($"`{Path.GetRelativePath(folder, file)}`").And.Contain(string.Join(':', hash.Select(octet => octet.ToString("X2"))));
        }
    }

    [Fact]
    public void Directories_add_up_folder_by_folder()
    {
        var one = Write("one/apple/a.pem", Root("A"));
        var two = Write("two/apple/b.pem", Root("B"));
        Write("two/tpm/c.pem", Root("C"));
        var mistakes = new Mistakes();

        var trust = TrustFolders.Load([one, two], mistakes);

        mistakes.Errors.Should().BeEmpty();
        trust.Names.Should().Equal("apple", "tpm");
        trust.Anchors(["apple"]).Anchors.Should().HaveCount(2);
        trust.Anchors(["apple", "tpm"]).Anchors.Should().HaveCount(3);
        trust.Anchors(["nothing"]).Anchors.Should().BeEmpty();
        trust.Anchors(["apple"]).Hash.Should().NotBe(trust.Anchors(["tpm"]).Hash);
    }

    [Fact]
    public void Mistakes_name_the_file()
    {
        var directory = Write("one/apple/broken.pem", "no certificate");
        var mistakes = new Mistakes();

        TrustFolders.Load([directory, Path.Combine(_folder, "missing")], mistakes);

        mistakes.Errors.Select(mistake => mistake.File).Should().Equal(Path.Combine(directory, "apple", "broken.pem"), Path.Combine(_folder, "missing"));
    }

    private string Write(string path, string text)
    {
        var full = Path.Combine(_folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
        return Path.GetDirectoryName(Path.GetDirectoryName(full))!;
    }

    private static string Root(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var beginning = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        return request.CreateSelfSigned(beginning, beginning.AddYears(5)).ExportCertificatePem();
    }
}
