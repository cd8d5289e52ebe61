#include "server/jobs/job_worker.hpp"

#include <spdlog/spdlog.h>

#include "server/jobs/file_container.hpp"
#include "server/jobs/http_container.hpp"
#include "server/jobs/registry_transfer.hpp"

namespace capstan::server {

job_worker::job_worker(hub::registry_jobs& jobs, hub::registry& devices, const config::jobs_section& rules, std::filesystem::path folder)
    : jobs_(jobs), devices_(devices) {
    jobs.open = [this, &rules,
                 folder = std::move(folder)](const std::string& uri) -> std::expected<std::unique_ptr<hub::blob_container>, std::string> {
        return is_http(uri) ? open_http_container(uri, rules, folder, stop_) : open_file_container(uri, folder);
    };
    jobs.start = [this](order wanted) {
        {
            const std::lock_guard lock(mutex_);
            orders_.push_back(std::move(wanted)); // one at a time, and those that were cancelled before their turn
        }
        wake_.notify_one();
    };
    thread_ = std::thread([this] { run(); });
}

void job_worker::stop() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable())
        thread_.join();
}

void job_worker::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return stop_ || !orders_.empty(); });
        if (stop_)
            return;
        order next = std::move(orders_.front());
        orders_.pop_front();
        lock.unlock();
        auto failure = perform(next);
        const auto* kind = next.job.what == hub::registry_job::kind::import ? "import" : "export";
        if (failure.empty())
            spdlog::info("job={} {} is over", next.job.id, kind);
        else
            spdlog::warn("job={} {} failed: {}", next.job.id, kind, failure);
        jobs_.finish(next.job.id, std::move(failure));
        lock.lock();
    }
}

std::string job_worker::perform(order& asked) {
    if (!jobs_.report(asked.job.id, 0))
        return {};
    return asked.job.what == hub::registry_job::kind::import ? perform_import(asked) : perform_export(asked);
}

std::string job_worker::perform_export(order& asked) {
    const auto file = asked.output->prepare(asked.job.output_blob);
    if (!file)
        return file.error();
    const auto report = [&](unsigned percent) { return !stop_ && jobs_.report(asked.job.id, percent); };
    if (auto failure = export_devices(devices_, *file, !asked.job.without_keys, report); !failure.empty())
        return failure;
    if (!report(99))
        return {};
    const auto published = asked.output->publish(asked.job.output_blob);
    return published ? std::string() : published.error();
}

std::string job_worker::perform_import(order& asked) {
    const auto file = asked.input->fetch(asked.job.input_blob);
    if (!file)
        return file.error();
    const auto errors = asked.output->prepare(asked.job.output_blob);
    if (!errors)
        return errors.error();
    const auto report = [&](unsigned percent) { return !stop_ && jobs_.report(asked.job.id, percent); };
    if (auto failure = import_devices(*file, devices_, *errors, answers_, report); !failure.empty())
        return failure;
    std::error_code ignored;
    if (!std::filesystem::exists(*errors, ignored))
        return {};
    const auto published = asked.output->publish(asked.job.output_blob);
    return published ? std::string() : published.error();
}

} // namespace capstan::server
